/** A golden case: what people and programs send (`in.yaml`), under which settings. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readOptions } from '../../src/commands/options.ts';
import { SETTINGS_OPTIONS, settingsOf } from '../../src/commands/settings-options.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { isObject, type Json } from '../../src/toolhive/types.ts';

export const CASES = import.meta.dirname;
export const INPUT = 'in.yaml';
export const OUTPUT = 'out.yaml';
export const REVIEW = 'review.txt';

export interface Case {
	readonly name: string;
	readonly settings: Settings;
	/** Manifests, which are created in this order, and AdmissionReviews for everything else. */
	readonly documents: readonly Json[];
}

export const caseNames = (): string[] =>
	readdirSync(CASES, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

export const readCase = (name: string): Case => {
	const text = readFileSync(join(CASES, name, INPUT), 'utf8');
	return { name, settings: settingsIn(text), documents: documentsOf(text, name) };
};

export function documentsOf(text: string, name: string): Json[] {
	return parseAllDocuments(text).flatMap((document) => {
		const [error] = document.errors;
		if (error !== undefined) throw new Error(`${name}: ${error.message}`);
		const value: unknown = document.toJS();
		if (value === null) return [];
		if (!isObject(value)) throw new Error(`${name}: a document is not an object`);
		return [value];
	});
}

/** `# serve --password-env=pod` in the first line: the flags of `thv-scaling serve` that decisions depend on. */
export const flagsOf = (text: string): string[] => /^# serve (.*)\n/.exec(text)?.[1]?.split(' ') ?? [];

const settingsIn = (text: string): Settings => settingsOf(readOptions(SETTINGS_OPTIONS, flagsOf(text), {}));
