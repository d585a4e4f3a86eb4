/** `make package`: writes the npm package to release/npm. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'release/npm');

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const name of ['dist', 'LICENSE', 'README.md']) cpSync(join(ROOT, name), join(OUT, name), { recursive: true });
// Only a checkout needs these fields. The optional dependencies are Node 24, which would replace the user's Node in
// node_modules/.bin. The original stays private, so that a checkout cannot be published by mistake.
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
for (const field of ['private', 'scripts', 'devDependencies', 'optionalDependencies']) delete manifest[field];
writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
