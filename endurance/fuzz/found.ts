/**
 * Stores inputs that broke a property: `found/TARGET/*.json`. Each input is committed together with the fix, and every
 * `make test` checks it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found } from './search.ts';

export const FOUND = join(import.meta.dirname, 'found');

/**
 * Writes an input as JSON, which can represent half of a surrogate pair. Each line of the input is a separate string,
 * for readability. Returns the path of the file.
 */
export function keepFound(target: string, { text, reason }: Found): string {
	const folder = join(FOUND, target);
	mkdirSync(folder, { recursive: true });
	const file = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`);
	const written = { reason: reason.split('\n', 1)[0], input: text.split('\n') };
	writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`);
	return file;
}

export function foundFor(target: string): (Found & { readonly file: string })[] {
	const folder = join(FOUND, target);
	return (existsSync(folder) ? readdirSync(folder) : []).map((file) => {
		const { reason, input } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
		return { file, reason, text: input.join('\n') };
	});
}
