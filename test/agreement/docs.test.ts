/** README's tables, the Makefile and package.json against the code they speak of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SERVE_OPTIONS } from '../../src/commands/serve-options.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { WARNING_IDS } from '../../src/policy/decide.ts';
import { UNKNOWN_IGNORE_ID } from '../../src/policy/ignore.ts';

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const readme = read('README.md');
const firstCells = (pattern: RegExp): string[] => [...readme.matchAll(pattern)].map(([, cell = '']) => cell);

describe('documents', () => {
	it('README lists every warning, in the order in which they are told', () => {
		expect(firstCells(/^\| `([a-z]+(?:-[a-z]+)+)` \|/gm)).to.deep.equal([...WARNING_IDS, UNKNOWN_IGNORE_ID]);
	});

	it('README lists every flag with its default', () => {
		const rows = [...readme.matchAll(/^\| `--([a-z-]+)` \| (\S*) ?\|/gm)].map(([, flag, usual]) => [flag, usual]);
		const flags = Object.entries(SERVE_OPTIONS).map(([flag, { fallback }]) => [flag, fallback ?? '']);
		expect(rows).to.deep.equal(flags);
	});

	it('README lists every metric of ours', async () => {
		const metrics = createMetrics({
			inFlight: () => 0,
			isLeading: () => false,
			reconciler: { queued: () => 0, waitingRollouts: () => 0 },
			watches: () => [],
			certificateExpiry: () => 0,
		});
		const names = [...(await metrics.text()).matchAll(/^# TYPE (thv_scaling_\w+)/gm)].map(([, name = '']) => name);
		expect(firstCells(/^\| `(thv_scaling_\w+)` \|/gm)).to.have.members(names);
	});

	it('every make command in the documents is in the Makefile, with a help text', () => {
		const known = [...read('Makefile').matchAll(/^([a-z][a-z0-9-]*):.*## /gm)].map(([, name]) => name);
		for (const file of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'DESIGN.md', 'certs/README.md']) {
			const named = [...read(file).matchAll(/(?:^|`)make ([a-z][a-z0-9-]*)/gm)].map(([, name]) => name);
			expect(known, file).to.include.members(named);
		}
	});

	it('every dependency has its reason in DESIGN.md', () => {
		const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
		const design = read('DESIGN.md');
		const missing = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
			(name) => !design.includes(`\`${name}\``),
		);
		expect(missing).to.deep.equal([]);
	});

	it('every version is exact', () => {
		const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
		for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
			expect(String(version), name).to.match(/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/);
		}
	});
});
