/**
 * Rewrites every `out.yaml` and `review.txt` from its `in.yaml`, and the generated pages of docs/. Review the
 * difference before you commit it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages.ts';
import { caseNames, OUTPUT, REVIEW, readCase } from './read-case.ts';
import { handlersFor, outputText, reviewText, runCase } from './run-case.ts';

const ROOT = join(import.meta.dirname, '../..');

for (const name of caseNames()) {
	const one = readCase(name);
	write(`test/cases/${name}/${OUTPUT}`, outputText(await runCase(one, handlersFor(one))));
	write(`test/cases/${name}/${REVIEW}`, await reviewText(name));
}
for (const { file, text } of pages()) write(file, text);

function write(file: string, text: string): void {
	const path = join(ROOT, file);
	if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
	writeFileSync(path, text);
	process.stdout.write(`wrote ${file}\n`);
}
