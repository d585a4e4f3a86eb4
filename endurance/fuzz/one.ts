/** One target for some seconds: `node endurance/fuzz/one.ts NAME SECONDS SEED FILE`. FILE gets each batch before it is tried. */
import { writeFileSync } from 'node:fs';
import { explore } from './explore.ts';
import { randomOf } from './random.ts';
import { pumped } from './slow.ts';
import { targetNamed } from './targets.ts';

const [name = '', seconds = '', seed = '', file = ''] = process.argv.slice(2);
const target = await targetNamed(name);
const random = randomOf(Number(seed));
/** Of the time, for texts that make the code slow. */
const SLOW_SHARE = 0.15;

const rejections: string[] = [];
process.on('unhandledRejection', (reason) =>
	rejections.push(reason instanceof Error ? String(reason.stack) : String(reason)),
);

const onBatch = (texts: readonly string[]): void => writeFileSync(file, JSON.stringify(texts));
const { corpus, found, ...explored } = await explore(target, Number(seconds) * (1 - SLOW_SHARE), random, onBatch);
const slow = await pumped(target, corpus, Number(seconds) * SLOW_SHARE, random, (text) => onBatch([text]));
const unhandled = [...new Set(rejections)].map((reason) => ({ text: '', reason: `unhandled rejection: ${reason}` }));
await target.stop?.();
writeFileSync(file, JSON.stringify({ ...explored, corpus: corpus.length, found: [...found, ...slow, ...unhandled] }));
