/** The product as it runs where it is installed, for measurements of a whole process. */
import { join } from 'node:path';
import { ROOT } from '../test/e2e/product.ts';

/**
 * What Node 24 takes for itself where it sees the limit of 512 MiB that manifests/ sets; it reads that from its cgroup. On a machine with
 * 24 GiB and no limit it takes 4 GiB and 64 MiB, and fills them before it looks for garbage.
 */
const AS_IN_THE_POD = ['--max-old-space-size=256', '--max-semi-space-size=1'];

/** Compiled, as the image has it: to take the types off, Node loads a compiler that weighs 30 MiB. `make install` makes it. */
export const INSTALLED: readonly string[] = [...AS_IN_THE_POD, join(ROOT, 'dist/main.js')];
