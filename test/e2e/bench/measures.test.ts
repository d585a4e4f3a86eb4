/** The measurements themselves, for seconds: they run, and their figures can be true. Nothing here says how fast anything is. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { type Recorded, textOf } from '../../../endurance/bench/account.ts';
import { PARTS } from '../../../endurance/bench/accounts.ts';
import { HTTPS, type HttpsRow } from '../../../endurance/bench/https.ts';
import { deploymentReview, runConfigReview, SIZE_LIST, serverReview } from '../../../endurance/bench/payloads.ts';
import type { Spread } from '../../../endurance/bench/statistics.ts';
import { needH2load } from '../../harness/need-h2load.ts';

const ROOT = join(import.meta.dirname, '../../..');

const expectSpread = ({ median, min, max }: Spread): void => {
	expect(min).to.be.above(0);
	expect(median).to.be.within(min, max);
};
const recorded = <O, R>(options: O, results: R): Recorded<O, R> => ({
	...{ date: '2026-01-01', machine: { cpu: 'test', cores: 2, platform: 'linux' }, versions: {}, options, results },
});

describe('payloads', () => {
	for (const [name, review] of Object.entries({ deploymentReview, runConfigReview, serverReview })) {
		it(`${name} is as large as it says, within a field or two`, () => {
			for (const size of SIZE_LIST)
				expect(review(size).length, size).to.be.closeTo(Number.parseFloat(size) * 1000, 100);
		});
	}
});

describe('https', function () {
	this.timeout(60_000);
	needH2load();
	let rows: readonly HttpsRow[];
	before(async () => {
		rows = await HTTPS.measure({ ...HTTPS.shortOptions, reviews: ['1.5 KB', 'RunConfig, 13 KB'] });
	});

	it('has every server, each with the answer of the product', () => {
		const cells = rows.map(({ size, server }) => `${size}: ${server}`);
		const others = ['RunConfig, 13 KB: floor', 'RunConfig, 13 KB: product'];
		expect(cells).to.deep.equal(['1.5 KB: floor', '1.5 KB: product', '1.5 KB: plain express', ...others]);
	});
	it('its figures are figures', () => {
		for (const row of rows) {
			expectSpread(row.ratio);
			expectSpread(row.p99Ratio);
			const { requestsPerSecond, p50Ms, p99Ms, cpuUsPerRequest, leastCpuUsPerRequest, rssMib } = row;
			for (const one of [requestsPerSecond, p50Ms, cpuUsPerRequest, leastCpuUsPerRequest]) expect(one).to.be.above(0);
			expect(p99Ms).to.be.at.least(p50Ms);
			expect(cpuUsPerRequest).to.be.at.least(leastCpuUsPerRequest);
			expect(rssMib).to.be.above(10);
		}
	});
	it('the floor is one floor', () => {
		const floors = rows.filter(({ server }) => server === 'floor');
		for (const { ratio, leastCpuRatio } of floors) {
			expect(ratio).to.deep.equal({ median: 1, min: 1, max: 1 });
			expect(leastCpuRatio).to.equal(1);
		}
	});
	it('goals › ratio at and below the goal › kept and missed', () => {
		const of = (median: number): string => {
			const ratio = { median, min: median, max: median };
			return textOf(
				HTTPS,
				recorded(
					HTTPS.options,
					rows.map((row) => ({ ...row, ratio })),
				),
			);
		};
		expect(of(0.65)).to.include(
			"| 1.5 KB: at least 0.65 of the floor's requests a second | 0.65 (0.65 to 0.65) | kept |",
		);
		expect(of(0.64)).to.include('| 0.64 (0.64 to 0.64) | **missed** |');
	});
});

describe('endurance/bench/main.ts', function () {
	this.timeout(60_000);
	it('names the parts there are when it is asked for another', () => {
		const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'endurance/bench/main.ts'), 'htps'], {
			encoding: 'utf8',
		});
		expect(stderr).to.equal(`bench: no part htps; there are ${PARTS.map(({ name }) => name).join(', ')}\n`);
		expect(status).to.equal(2);
	});
	it('with --short prints the table and keeps nothing', () => {
		const results = join(ROOT, 'endurance/bench/results');
		const kept = (): string[] => readdirSync(results).map((file) => readFileSync(join(results, file), 'utf8'));
		const before = kept();
		const args = [join(ROOT, 'endurance/bench/main.ts'), '--short', 'review'];
		const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
		expect(stdout).to.match(/^\| documents \| output \| seconds \|/m);
		expect(status).to.equal(0);
		expect(kept()).to.deep.equal(before);
	});
});
