/**
 * The file that tests start as `thv-scaling`: the source file, or MAIN= (`make test-package` sets it to the installed
 * npm package).
 */
import { join, resolve } from 'node:path';

export const MAIN = resolve(process.env['MAIN'] || join(import.meta.dirname, '../../src/main.ts'));
