/** Loaded before the program: forces garbage collection, so that the soak measures only memory in use. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
setInterval(runInNewContext('gc') as () => void, 5_000).unref();
