/**
 * Returns every page of docs/ that is generated, completely or in part: the cases, an example for each warning and
 * denial, the flags, the dependencies, and the measurements. `make golden` writes the pages, and cases.test.ts compares
 * them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measuredPages } from '../../endurance/bench/page.ts';
import { dependenciesText } from '../../scripts/dependencies-page.ts';
import { flagsText } from '../../scripts/flags-page.ts';
import type { Rule } from '../../src/policy/finding.ts';
import { RULES } from '../../src/policy/rules.ts';
import { CASES, caseNames, headingOf, INPUT, REVIEW } from './read-case.ts';

const DOCS = join(import.meta.dirname, '../../docs');

/** `make golden` writes the text between these lines. Authors write the text around them. */
const BEGIN = '<!-- Written by `make golden` from here -->';
const END = '<!-- to here -->';

/** `file` is the path below the project's root. */
export const pages = (): { file: string; text: string }[] => [
	{ file: 'docs/cases.md', text: casesPage() },
	{ file: 'docs/rules.md', text: between('rules.md', adviceText()) },
	{ file: 'docs/flags.md', text: between('flags.md', flagsText()) },
	...measuredPages(),
	{ file: 'docs/dependencies.md', text: between('dependencies.md', dependenciesText()) },
];

/** The headings of docs/cases.md, by the beginning of a case's name: `server` for `server-stdio-replicas-capped`. */
export const AREAS: Readonly<Record<string, string>> = {
	server: 'Servers: denials, warnings, status, erased fields',
	deployment: 'Proxy Deployments',
	backend: 'Backend StatefulSets',
	pod: 'Pods, with `--password-env=pod`',
	scale: 'Scale: kubectl scale, HPA, KEDA',
	'run-config': 'RunConfig ConfigMaps',
	vmcp: 'VirtualMCPServer',
	'remote-proxy': 'MCPRemoteProxy',
};

/** Returns an empty text for a file that `make golden` has not written yet. */
const read = (name: string, file: string): string => {
	const path = join(CASES, name, file);
	return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

function casesPage(): string {
	const areas = Object.entries(AREAS).map(([area, title]) => ({
		title,
		names: caseNames().filter((name) => name.startsWith(`${area}-`) || name === area),
	}));
	return [
		'# Cases',
		'',
		'<!-- Written by `make golden`. Do not edit: the sentences are in test/cases/*/in.yaml. -->',
		'',
		'Each scenario is a folder: `in.yaml` has the objects that clients write, `out.yaml` the objects that the cluster stores, and',
		'`review.txt` the output of `thv-scaling review`. Tests run each scenario through the handlers, the command line and a real API server.',
		'They then review the result again, to check that nothing changes.',
		'',
		...areas.flatMap(({ title, names }) => [
			`## ${title}`,
			'',
			...names.map((name) => `- [${name}](../test/cases/${name}): ${headingOf(read(name, INPUT)).scenario}`),
			'',
		]),
	]
		.join('\n')
		.trimEnd()
		.concat('\n');
}

/** Blanks at the end of a case are not shown in a code block. */
const fenced = (language: string, text: string): string[] => [`\`\`\`${language}`, text.trimEnd(), '```'];

function adviceText(): string {
	const section = (title: string, severity: Rule['severity']): string[] => [
		`## ${title}`,
		'',
		...RULES.filter((rule) => rule.severity === severity).flatMap(ruleText),
	];
	return [
		...section('Denials', 'deny'),
		'The annotation cannot silence a denial. The webhook allows an update that does not change the invalid part, so that users can',
		'still edit and delete objects that are already invalid.',
		'',
		...section('Warnings', 'warn'),
	].join('\n');
}

function ruleText({ id, when, why, fix }: Rule): string[] {
	const example = exampleOf(id);
	return [
		`### ${id}`,
		'',
		`- When: ${when}`,
		`- Why: ${why}`,
		`- What to do: ${fix}`,
		...(example === undefined
			? []
			: [
					'',
					...fenced('text', example.lines.join('\n')),
					'',
					`From the case [${example.name}](../test/cases/${example.name}).`,
				]),
		'',
	];
}

/**
 * Returns the lines with this id in the output of `review`: of the case with that name, else of the shortest case that
 * has the id.
 */
function exampleOf(id: string): { name: string; lines: string[] } | undefined {
	const named = caseNames().filter((name) => name === id || name === `server-${id}`);
	const shortestFirst = caseNames().toSorted((a, b) => read(a, REVIEW).length - read(b, REVIEW).length);
	for (const name of [...named, ...shortestFirst]) {
		const lines = read(name, REVIEW).split('\n');
		const at = lines.findIndex((line) => line.endsWith(`  ${id}`));
		if (at === -1) continue;
		const title = lines.slice(0, at).findLast((line) => /^[✓~✗!] /u.test(line));
		return { name, lines: [title ?? '', ...lines.slice(at - 1, at + 2)] };
	}
	return undefined;
}

function between(file: string, text: string): string {
	const page = readFileSync(join(DOCS, file), 'utf8');
	const begin = page.indexOf(BEGIN);
	const end = page.indexOf(END);
	if (begin === -1 || end === -1) throw new Error(`docs/${file} has lost its lines ${BEGIN} and ${END}`);
	return `${page.slice(0, begin)}${BEGIN}\n\n${text}\n${page.slice(end)}`;
}
