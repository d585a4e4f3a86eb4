/** `make package`: writes the npm package to release/npm. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedOf } from './published.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'release/npm');

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const name of ['dist', 'LICENSE', 'README.md']) cpSync(join(ROOT, name), join(OUT, name), { recursive: true });
const published = publishedOf(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
