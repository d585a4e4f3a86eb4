/** Inputs that once broke a promise: `found/TARGET/*.json`. Committed with what mended it, and tried by every `make test`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found } from './failure.ts';

const FOUND = join(import.meta.dirname, 'found');

/** JSON, because half a character survives there; by line, because a person reads it. */
interface Written {
	/** What was wrong. */
	readonly reason: string;
	readonly input: readonly string[];
}

/** Writes what was found, and gives the name of the file. */
export function keepFound(target: string, { text, reason }: Found): string {
	const folder = join(FOUND, target);
	mkdirSync(folder, { recursive: true });
	const file = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`);
	const written: Written = { reason: reason.split('\n', 1)[0] ?? '', input: text.split('\n') };
	writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`);
	return file;
}

export const targetsWithFound = (): string[] => (existsSync(FOUND) ? readdirSync(FOUND) : []);

export function foundFor(target: string): (Found & { readonly name: string })[] {
	const folder = join(FOUND, target);
	if (!existsSync(folder)) return [];
	return readdirSync(folder).map((name) => {
		const { reason, input } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Written;
		return { name, reason, text: input.join('\n') };
	});
}
