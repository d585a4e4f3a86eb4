/** The measurements that need a real API server, for seconds: they run, what they create is as it should be, and their figures can be true. */
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { textOf } from '../../../endurance/bench/account.ts';
import { END_TO_END, type EndToEnd, measureEndToEnd } from '../../../endurance/bench/end-to-end.ts';
import { GROWTH, type Growth, measureGrowth } from '../../../endurance/bench/growth.ts';
import { isLinux } from '../../../endurance/bench/linux-process.ts';
import type { Spread } from '../../../endurance/bench/statistics.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { needH2load } from '../../harness/need-h2load.ts';

const expectSpread = ({ median, min, max }: Spread): void => {
	expect(min).to.be.above(0);
	expect(median).to.be.within(min, max);
};
const head = { date: '2026-01-01', machine: { cpu: 'test', cores: 2, platform: 'linux' }, versions: {} };

describe('end to end, measured on a real API server', function () {
	this.timeout(180_000);
	needH2load();
	const plane = needControlPlane({ isOwn: true });
	let seen: EndToEnd;
	before(async function () {
		// CPU and memory of processes are read from /proc.
		if (!isLinux()) this.skip();
		seen = await measureEndToEnd(plane(), END_TO_END.shortOptions);
	});

	it('has every way in every load', () => {
		const cells = seen.rows.map(({ clients, way }) => `${clients} ${way}`);
		expect(cells).to.deep.equal(['4 none', '4 webhook', '4 policy', '2 none', '2 webhook', '2 policy']);
	});
	it('the webhook is called once for each create in its namespace, and for no other', () => {
		for (const { way, webhook } of seen.rows)
			expect(webhook?.callsPerCreate).to.equal(way === 'webhook' ? 1 : undefined);
	});
	it('its figures are figures', () => {
		for (const { p50Ratio, p99Ratio, p50Ms, p99Ms, createsPerSecond, refused, cpuMs, webhook } of seen.rows) {
			expect(refused).to.equal(0);
			expectSpread(p50Ratio);
			expectSpread(p99Ratio);
			expect(p50Ms).to.be.above(0);
			expect(p99Ms).to.be.at.least(p50Ms);
			expect(createsPerSecond).to.be.above(0);
			expect(cpuMs.apiServer).to.be.within(0, 1_000);
			if (webhook !== undefined) expect(webhook.seenByApiServerMs).to.be.above(webhook.seenByUsMs);
		}
	});
	it('tells them, and whether the goal is kept', () => {
		const rows = seen.rows.map((row) => (row.clients === 4 ? { ...row, clients: 64 } : row));
		const of = (median: number): string => {
			const p99Ratio = { median, min: median, max: median };
			const results = { ...seen, rows: rows.map((row) => ({ ...row, p99Ratio })) };
			return textOf(END_TO_END, { ...head, options: END_TO_END.shortOptions, results });
		};
		expect(of(1.1)).to.match(/p99 at most 1\.1 times that without \| 1\.1 .* \| kept \|/);
		expect(of(1.2)).to.match(/p99 at most 1\.1 times that without \| 1\.2 .* \| \*\*missed\*\* \|/);
	});
});

describe('growth, measured on a real API server', function () {
	this.timeout(180_000);
	needH2load();
	const plane = needControlPlane({ isOwn: true });
	let seen: Growth;
	before(async function () {
		// CPU and memory of processes are read from /proc.
		if (!isLinux()) this.skip();
		seen = await measureGrowth(plane(), GROWTH.shortOptions);
	});

	it('has every count with and without the reconciler', () => {
		const cells = seen.byServers.map(({ servers, reconciler }) => `${servers} ${reconciler}`);
		expect(cells).to.deep.equal(['2 off', '2 on', '10 off', '10 on']);
	});
	it('there was nothing to write: what is measured is what is remembered', () => {
		for (const { writes } of seen.byServers) expect(writes).to.equal(0);
	});
	it('its figures are figures', () => {
		for (const { secondsToReady, settled, underLoad, p50Ms, p99Ms } of seen.byServers) {
			expect(secondsToReady).to.be.within(0.1, 60);
			for (const memory of [settled, underLoad]) {
				expect(memory.total).to.be.within(30, 1_000);
				expect(memory.peak).to.be.at.least(memory.total);
			}
			for (const spread of [p50Ms, p99Ms]) expectSpread(spread);
		}
	});
	it('tells them, and whether the goal is kept', () => {
		const of = (peak: number): string => {
			const byServers = seen.byServers.map((row) => ({ ...row, underLoad: { ...row.underLoad, peak } }));
			const results = { ...seen, byServers };
			return textOf(GROWTH, { ...head, options: GROWTH.shortOptions, results });
		};
		expect(of(150)).to.match(/10 servers, under load, reconciler on: at most 150 MiB resident \| 150 \| kept \|/);
		expect(of(151)).to.match(
			/10 servers, under load, reconciler on: at most 150 MiB resident \| 151 \| \*\*missed\*\* \|/,
		);
	});
});
