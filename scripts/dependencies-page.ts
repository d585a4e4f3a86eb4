/** The table of docs/dependencies.md: what stands in the lock file and in node_modules. `make golden` writes it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Lock, readLock } from './lock-check.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * When the version in use was published, as npm's registry tells (`npm view NAME time`); by hand, because it takes a network. Of what
 * is older than the copy of the registry that was asked, only that it was there by then.
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

export function dependenciesText(): string {
	const lock = readLock(ROOT);
	const { dependencies = {} } = lock.packages[''] ?? {};
	const rows = Object.keys(dependencies).map((name) => {
		const place = `node_modules/${name}`;
		const version = lock.packages[place]?.version ?? '';
		const all = reachedFrom([place], lock);
		const published = PUBLISHED[`${name}@${version}`] ?? 'unknown: write it into scripts/dependencies-page.ts';
		return [`\`${name}\``, version, published, sizeOf([place]), String(all.size - 1), sizeOf(all)];
	});
	const everything = reachedFrom(
		Object.keys(dependencies).map((name) => `node_modules/${name}`),
		lock,
	);
	rows.push(['all of them', '', '', '', String(everything.size), sizeOf(everything)]);
	const head = ['package', 'version', 'published', 'size', 'packages it brings', 'size with them'];
	return [head, head.map(() => '---'), ...rows]
		.map((cells) => `|${cells.map((cell, index) => (cells[index] === '---' ? cell : ` ${cell} `)).join('|')}|\n`)
		.join('');
}

/** Places in node_modules, these ones included, as Node would find them. */
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

/** In tenths of a megabyte, without packages inside of packages. */
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
