/** Rewrites every `out.yaml` from its `in.yaml`. What changed is for the reader of the commit to judge. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerDoor } from './doors.ts';
import { playCase } from './play-case.ts';
import { CASES, caseNames, OUTPUT, readCase } from './read-case.ts';
import { outputText } from './write-case.ts';

for (const name of caseNames()) {
	const one = readCase(name);
	const text = outputText(await playCase(one.documents, handlerDoor(one)));
	const file = join(CASES, name, OUTPUT);
	if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
	writeFileSync(file, text);
	process.stdout.write(`wrote test/cases/${name}/${OUTPUT}\n`);
}
