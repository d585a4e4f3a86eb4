/**
 * `make check`: finds words and names that this project no longer uses. Prose says what the Kubernetes API reference would say; a retired
 * name has a standard one. Add a row when a review finds another word that readers stumble over.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A word, and what to write instead. */
const WORDS: Readonly<Record<string, string>> = {
	'mend|mends|mended': 'fix or correct',
	anew: 'again',
	'somebody|someone': 'another client, a user',
	nobody: 'no client, no replica',
	'whoever|whosoever|whomever': 'any client that',
	'speaks|spoken': 'uses or supports',
	'told|tells': 'logs, returns or reports',
	ours: 'of toolhive-scaling',
	registrations: 'webhook configurations',
	crumbs: 'small chunks',
};

/** Of identifiers in src. */
const NAMES: Readonly<Record<string, string>> = {
	'World|Scene': 'ReconcilerClient, ReconcileContext',
	OCCASIONS: 'EVENT_REASONS',
	Pace: 'RateLimiter',
	'Standing|Patience': 'SettleTimer, RevertBackoff',
	'carried|owed|carry|appliedNote|noteApplied': 'appliedReplicas, pendingReplicas',
	'Memory|remember': 'Cache',
	OnTouched: 'Enqueue',
	'campaign|Term': 'LeaderContext',
	'IsLookedAfter|LeftOut': 'NamespaceFilter, SkippedNamespaces',
	'InTurn|createLooking|giveWay|Held': 'SerialQueue, BodyBudget',
	'createKeeper|judgeLeaf|trustedBy|isDue': 'rotator, verifyServingCertificate, trustBundle, needsRenewal',
	'Surroundings|sharing': 'ClusterContext, sharesKeySpaceWith',
	'Saying|examine|remedy|outlook': 'CheckResult, runChecks, fix, preview',
	'authority|leaf': 'CA, serving certificate',
};

const PROSE = [
	'*.md',
	'docs',
	'src',
	'manifests',
	'certs',
	'demo',
	'examples',
	'test/cases',
	'scripts',
	'Makefile',
	'Dockerfile',
	'.github',
];
/** Generated, written by others, history, or this list itself. */
const LEFT_OUT = /^(CHANGELOG\.md|scripts\/words\.ts|manifests\/chart\/files\/)/;

/** The problems of one file, one line each. */
export function retiredWords(file: string, text: string): string[] {
	const isSource = file.startsWith('src/');
	const isComment = (line: string): boolean => /^\s*(\/?\*|\/\/)/.test(line);
	return text.split('\n').flatMap((line, index) => {
		const at = `${file}:${index + 1}`;
		// What a page quotes from code or from a test title follows the code.
		const prose = line.replaceAll(/`[^`]*`|\]\([^)]*\)|"[^"]*"/g, (quoted) => (isSource ? quoted : ''));
		return [
			...found(WORDS, prose, 'i').map(([word, better]) => `${at}: "${word}"; write ${better}`),
			...(isSource && !isComment(line)
				? found(NAMES, line, '').map(([name, better]) => `${at}: ${name}; the name is ${better}`)
				: []),
		];
	});
}

function found(table: Readonly<Record<string, string>>, line: string, flags: string): [string, string][] {
	return Object.entries(table).flatMap(([words, better]): [string, string][] => {
		// Not as a part of a name such as certificate-authority-data.
		const [match] = new RegExp(`(?<![\\w-])(?:${words})(?![\\w-])`, flags).exec(line) ?? [];
		return match === undefined ? [] : [[match, better]];
	});
}

if (import.meta.main) {
	const root = join(import.meta.dirname, '..');
	const files = execFileSync('git', ['ls-files', '--', ...PROSE], { cwd: root, encoding: 'utf8' })
		.trim()
		.split('\n');
	const problems = files
		.filter((file) => !LEFT_OUT.test(file))
		.flatMap((file) => retiredWords(file, readFileSync(join(root, file), 'utf8')));
	for (const problem of problems) process.stderr.write(`words: ${problem}\n`);
	if (problems.length > 0) process.exitCode = 1;
}
