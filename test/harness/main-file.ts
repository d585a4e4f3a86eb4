/** The file that tests start as `thv-scaling`: the sources, or MAIN= (make test-package: the installed npm package). */
import { join, resolve } from 'node:path';

export const MAIN = resolve(process.env['MAIN'] || join(import.meta.dirname, '../../src/main.ts'));
