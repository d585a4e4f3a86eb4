/** The measurements themselves, for seconds: they run, and their figures can be true. Nothing here says how fast anything is. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { type Goal, type Recorded, textOf } from '../../bench/account.ts';
import { COMPUTE, type ComputeRow } from '../../bench/compute.ts';
import { HTTPS, type HttpsRow } from '../../bench/https.ts';
import { timesTable } from '../../bench/https-report.ts';
import { PARTS } from '../../bench/parts.ts';
import { deploymentReview, runConfigReview, SIZE_LIST, serverReview } from '../../bench/payloads.ts';
import type { Spread } from '../../bench/statistics.ts';

const ROOT = join(import.meta.dirname, '../..');

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

describe('compute', () => {
	let rows: readonly ComputeRow[];
	before(async () => {
		rows = await COMPUTE.measure(COMPUTE.shortOptions);
	});

	it('has every object in every size', () => {
		const cells = rows.map(({ object, size }) => `${object} ${size}`);
		const wanted = ['Deployment', 'RunConfig', 'MCPServer'].flatMap((object) =>
			SIZE_LIST.map((size) => `${object} ${size}`),
		);
		expect(cells).to.deep.equal(wanted);
	});
	it('its times are times', () => {
		for (const { p50Ms, p99Ms, jsonP50Ms, jsonP99Ms } of rows) {
			for (const spread of [p50Ms, p99Ms, jsonP50Ms, jsonP99Ms]) expectSpread(spread);
			expect(p99Ms.max).to.be.at.least(p50Ms.min);
		}
	});
	it('says for each object whether the goal is kept', () => {
		const of = (p99: number): readonly Goal[] => {
			const p99Ms = { median: p99, min: p99, max: p99 };
			return (
				COMPUTE.goals?.(
					recorded(
						COMPUTE.options,
						rows.map((row) => ({ ...row, p99Ms })),
					),
				) ?? []
			);
		};
		expect(of(0.1).map(({ isKept }) => isKept)).to.deep.equal([true, true, true]);
		expect(of(0.3).map(({ isKept }) => isKept)).to.deep.equal([false, false, false]);
	});
});

describe('https', function () {
	this.timeout(60_000);
	let rows: readonly HttpsRow[];
	before(async () => {
		rows = await HTTPS.measure({ ...HTTPS.shortOptions, connections: [8] });
	});

	it('has every server in every cell, each with the answer of ours', () => {
		const cells = rows.map(({ size, connections, server }) => `${size}, ${connections}: ${server}`);
		const wanted = ['1.5 KB, 8', '500 KB in one string, 1'].flatMap((cell) =>
			['floor', 'product', 'plain express'].map((server) => `${cell}: ${server}`),
		);
		expect(cells).to.deep.equal(wanted);
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
			expect(row.closed).to.equal(0);
		}
	});
	it('the floor is one floor', () => {
		const floors = rows.filter(({ server }) => server === 'floor');
		for (const { ratio, leastCpuRatio } of floors) {
			expect(ratio).to.deep.equal({ median: 1, min: 1, max: 1 });
			expect(leastCpuRatio).to.equal(1);
		}
	});
	it('tells how many times the others ours is', () => {
		const row = (server: string, requestsPerSecond: number, leastCpuUsPerRequest: number): HttpsRow => ({
			...(rows[0] as HttpsRow),
			...{ server, requestsPerSecond, leastCpuUsPerRequest },
		});
		const text = timesTable([row('floor', 200, 10), row('product', 100, 15), row('Pepr', 20, 60)]);
		expect(text.split('\n').at(0)).to.equal('| review | connections | floor | Pepr |');
		expect(text.split('\n').at(-1)).to.equal('| 1.5 KB | 8 | 0.5×, 0.667× | 5×, 4× |');
	});
	it('tells its goals with the table', () => {
		const text = textOf(HTTPS, recorded(HTTPS.options, rows));
		expect(text).to.include("| 1.5 KB: at least 0.75 of the floor's requests a second |");
		expect(text).to.match(/\*\*missed\*\*|kept/);
	});
});

describe('bench/main.ts', function () {
	this.timeout(60_000);
	it('names the parts there are when it is asked for another', () => {
		const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'bench/main.ts'), 'htps'], { encoding: 'utf8' });
		expect(stderr).to.equal(`bench: no part htps; there are ${PARTS.map(({ name }) => name).join(', ')}\n`);
		expect(status).to.equal(2);
	});
	it('with --short prints the table and keeps nothing', () => {
		const results = join(ROOT, 'bench/results');
		const kept = (): string[] => readdirSync(results).map((file) => readFileSync(join(results, file), 'utf8'));
		const before = kept();
		const args = [join(ROOT, 'bench/main.ts'), '--short', 'compute'];
		const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
		expect(stdout).to.match(/^\| object \| review \| p50 ms \|/);
		expect(status).to.equal(0);
		expect(kept()).to.deep.equal(before);
	});
});
