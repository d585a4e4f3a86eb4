/**
 * Reads a golden case: the objects that clients send (`in.yaml`), the settings, and the description in the first lines.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isObject, type Json } from '../../src/api/types.ts';
import { SETTINGS_OPTIONS, settingsOf } from '../../src/cli/flags.ts';
import { readOptions } from '../../src/cli/options.ts';
import type { Settings } from '../../src/policy/settings.ts';

export const CASES = import.meta.dirname;
export const INPUT = 'in.yaml';
export const OUTPUT = 'out.yaml';
export const REVIEW = 'review.txt';

export interface Case {
	readonly name: string;
	readonly settings: Settings;
	/** The documents: manifests, which are created in this order, and AdmissionReviews for all other requests. */
	readonly documents: readonly Json[];
}

export const caseNames = (): string[] =>
	readdirSync(CASES, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

export const readCase = (name: string): Case => {
	const text = readFileSync(join(CASES, name, INPUT), 'utf8');
	const settings = settingsOf(readOptions(SETTINGS_OPTIONS, flagsOf(text), {}));
	return { name, settings, documents: documentsOf(text, name) };
};

/**
 * Returns the comment lines at the top of `in.yaml`: the scenario with its result, the reason for the result, and the
 * sections of the specification that the case covers, such as `3.2`.
 */
export function headingOf(text: string) {
	const [top = ''] = text.split(/^---$/m, 1);
	const lines = top.split('\n').flatMap((line) => (line.startsWith('# ') ? [line.slice(2)] : []));
	const [scenario = ''] = lines.filter((line) => !/^(serve |why: |spec: )/.test(line));
	const after = (name: string): string => lines.find((line) => line.startsWith(name))?.slice(name.length) ?? '';
	return { scenario, why: after('why: '), spec: after('spec: ').split(', ').filter(Boolean) };
}

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

/** Returns the flags of `thv-scaling serve` in the first line, such as `# serve --password-env=pod`. */
export const flagsOf = (text: string): string[] => /^# serve (.*)\n/.exec(text)?.[1]?.split(' ') ?? [];
