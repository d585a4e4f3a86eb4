/**
 * `make release-check`: fails if the version in a file differs from package.json, or if the tag must not be released.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { disagreements, reasonsAgainst } from './versions.ts';

const ROOT = join(import.meta.dirname, '..');

function read(file: string): string | undefined {
	try {
		return readFileSync(join(ROOT, file), 'utf8');
	} catch {
		return undefined;
	}
}

const tag = process.argv[2];
const problems = [...disagreements(read), ...(tag === undefined ? [] : reasonsAgainst(tag, read))];
for (const problem of problems) process.stderr.write(`release-check: ${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
