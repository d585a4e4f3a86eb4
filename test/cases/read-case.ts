/** A golden case: what people and programs send (`in.yaml`), under which settings, and what its first lines tell of it. */
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
	/** Manifests, which are created in this order, and AdmissionReviews for everything else. */
	readonly documents: readonly Json[];
}

/** What the comment lines at the top of `in.yaml` say to its reader. Empty where a line is missing. */
export interface Heading {
	/** What is applied and what is interesting about it, in one sentence. */
	readonly story: string;
	/** Why the product does so. */
	readonly why: string;
	/** Sections of the specification that the case shows, such as `3.2`. */
	readonly spec: readonly string[];
}

export const caseNames = (): string[] =>
	readdirSync(CASES, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

export const readCase = (name: string): Case => {
	const text = readFileSync(join(CASES, name, INPUT), 'utf8');
	return { name, settings: settingsIn(text), documents: documentsOf(text, name) };
};

export function headingOf(text: string): Heading {
	const [top = ''] = text.split(/^---$/m, 1);
	const lines = top.split('\n').flatMap((line) => (line.startsWith('# ') ? [line.slice(2)] : []));
	const [story = ''] = lines.filter((line) => !/^(serve |why: |spec: )/.test(line));
	const after = (name: string): string => lines.find((line) => line.startsWith(name))?.slice(name.length) ?? '';
	return { story, why: after('why: '), spec: after('spec: ').split(', ').filter(Boolean) };
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

/** `# serve --password-env=pod` in the first line: the flags of `thv-scaling serve` that decisions depend on. */
export const flagsOf = (text: string): string[] => /^# serve (.*)\n/.exec(text)?.[1]?.split(' ') ?? [];

const settingsIn = (text: string): Settings => settingsOf(readOptions(SETTINGS_OPTIONS, flagsOf(text), {}));
