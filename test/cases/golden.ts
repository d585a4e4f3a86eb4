/** Rewrites every `out.yaml` and `review.txt` from its `in.yaml`. What changed is for the reader of the commit to judge. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlersFor } from './doors.ts';
import { playCase } from './play-case.ts';
import { reviewText } from './print-case.ts';
import { CASES, caseNames, OUTPUT, REVIEW, readCase } from './read-case.ts';
import { outputText } from './write-case.ts';

for (const name of caseNames()) {
	const one = readCase(name);
	write(`${name}/${OUTPUT}`, outputText(await playCase(one.documents, handlersFor(one))));
	write(`${name}/${REVIEW}`, await reviewText(name));
}

function write(file: string, text: string): void {
	const path = join(CASES, file);
	if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
	writeFileSync(path, text);
	process.stdout.write(`wrote test/cases/${file}\n`);
}
