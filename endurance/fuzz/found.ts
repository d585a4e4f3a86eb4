/**
 * Inputs that broke a property before: `found/TARGET/*.json`. The inputs are committed with their fix, and every `make
 * test` checks them.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found } from './search.ts';

export const FOUND = join(import.meta.dirname, 'found');

/**
 * Writes an input as JSON, which can contain half a surrogate pair, line by line for readability. Returns the path of
 * the file.
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
