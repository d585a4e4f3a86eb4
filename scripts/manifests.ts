/**
 * `make manifests`: writes the generated files in manifests/. With `--check` it writes nothing, and fails if a file is
 * not up to date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GROUP, KIND_LIST, KINDS } from '../src/api/names.ts';
import { crdTextOf } from '../src/manifests/crd-text.ts';
import { chartFiles } from './chart-files.ts';

const HEADER = '# Generated from src/api/schema.ts by `make manifests`. Do not edit.\n';
const ROOT = join(import.meta.dirname, '..');

const generated = [
	...KIND_LIST.map((kind) => ({
		file: `manifests/crds/${GROUP}_${KINDS[kind].plural}.yaml`,
		text: HEADER + crdTextOf(kind),
	})),
	...chartFiles(),
];

const read = (file: string) => existsSync(join(ROOT, file)) && readFileSync(join(ROOT, file), 'utf8');
const isCheck = process.argv.includes('--check');
const stale = generated.filter(({ file, text }) => read(file) !== text);
if (isCheck && stale.length > 0) {
	process.stderr.write(`not up to date, run \`make manifests\`: ${stale.map(({ file }) => file).join(', ')}\n`);
	process.exit(1);
}
for (const { file, text } of stale) {
	writeFileSync(join(ROOT, file), text);
	process.stdout.write(`wrote ${file}\n`);
}
