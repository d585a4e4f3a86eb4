/** A golden case: what people and programs send (`in.yaml`), under which settings. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import { isObject, type Json } from '../../src/toolhive/types.ts';

export const CASES = import.meta.dirname;
export const INPUT = 'in.yaml';
export const OUTPUT = 'out.yaml';

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
	return { name, settings: settingsOf(text), documents: documentsOf(text, name) };
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
function settingsOf(text: string): Settings {
	const args = /^# serve (.*)\n/.exec(text)?.[1]?.split(' ') ?? [];
	const { values } = parseArgs({
		args,
		options: {
			'grace-period-seconds': { type: 'string' },
			'password-env': { type: 'string' },
			'run-config-layout': { type: 'string' },
			'operator-usernames': { type: 'string' },
		},
	});
	const seconds = values['grace-period-seconds'];
	const usernames = values['operator-usernames'];
	return {
		gracePeriodSeconds: seconds === undefined ? DEFAULT_SETTINGS.gracePeriodSeconds : Number(seconds),
		passwordEnv: values['password-env'] === 'pod' ? 'pod' : 'deployment',
		runConfigLayout: values['run-config-layout'] === 'top-level' ? 'top-level' : 'both',
		operatorUsernames: usernames?.split(',') ?? DEFAULT_SETTINGS.operatorUsernames,
	};
}
