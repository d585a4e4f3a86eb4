/** The measurements for some seconds: they run, and their figures are possible. No test compares how fast anything is. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { textOf } from '../../endurance/bench/account.ts';
import { ATTACK_NAMES } from '../../endurance/bench/attacks.ts';
import { END_TO_END, measureEndToEnd } from '../../endurance/bench/end-to-end.ts';
import { GROWTH, measureGrowth } from '../../endurance/bench/growth.ts';
import { HTTPS, type HttpsRow } from '../../endurance/bench/https.ts';
import { isLinux } from '../../endurance/bench/linux-process.ts';
import type { Spread } from '../../endurance/bench/statistics.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { ROOT, rowsOf } from '../harness/documents.ts';
import { needH2load } from '../harness/need-h2load.ts';

/** The 512 MiB of the pod, and what Node needs for sources instead of compiled files. */
const MOST_MIB = 720;

const expectSpread = ({ median, min, max }: Spread): void => {
	expect(min).to.be.above(0);
	expect(median).to.be.within(min, max);
};
const spread = (median: number): Spread => ({ median, min: median, max: median });

describe('measurements', function () {
	this.timeout(180_000);
	needH2load();
	const plane = needControlPlane({ isOwn: true });
	before(function () {
		// CPU and memory of processes are read from /proc.
		if (!isLinux()) this.skip();
	});

	it('https › every server, possible figures, and a goal that is kept or missed', async () => {
		const rows: readonly HttpsRow[] = await HTTPS.measure({
			...HTTPS.shortOptions,
			reviews: ['1.5 KB', 'RunConfig, 13 KB'],
		});
		const cells = rows.map(({ size, server }) => `${size}: ${server}`);
		const others = ['RunConfig, 13 KB: floor', 'RunConfig, 13 KB: product'];
		expect(cells).to.deep.equal(['1.5 KB: floor', '1.5 KB: product', '1.5 KB: plain express', ...others]);
		for (const row of rows) {
			for (const one of [row.ratio, row.p99Ratio]) expectSpread(one);
			for (const one of [row.requestsPerSecond, row.p50Ms, row.leastCpuUsPerRequest]) expect(one).to.be.above(0);
			expect(row.p99Ms).to.be.at.least(row.p50Ms);
			expect(row.cpuUsPerRequest).to.be.at.least(row.leastCpuUsPerRequest);
			expect(row.rssMib).to.be.above(10);
			if (row.server === 'floor') expect(row.ratio).to.deep.equal(spread(1));
		}
		const text = (median: number): string => {
			const changed = rows.map((row) => ({ ...row, ratio: spread(median) }));
			const machine = { cpu: 'test', cores: 2, platform: 'linux' };
			return textOf(HTTPS, { date: '2026-01-01', machine, versions: {}, options: HTTPS.options, results: changed });
		};
		expect(text(0.65)).to.match(/at least 0\.65 of the floor's requests a second \| 0\.65 .* \| kept \|/);
		expect(text(0.64)).to.match(/\| 0\.64 .* \| \*\*missed\*\* \|/);
	});

	it('end to end › one webhook call for each create in its namespace', async () => {
		const { rows } = await measureEndToEnd(plane(), END_TO_END.shortOptions);
		const cells = rows.map(({ clients, way }) => `${clients} ${way}`);
		expect(cells).to.deep.equal(['4 none', '4 webhook', '4 policy', '2 none', '2 webhook', '2 policy']);
		for (const { way, p50Ratio, p99Ratio, p50Ms, p99Ms, refused, cpuMs, webhook } of rows) {
			expect(webhook?.callsPerCreate).to.equal(way === 'webhook' ? 1 : undefined);
			expect(refused).to.equal(0);
			for (const one of [p50Ratio, p99Ratio]) expectSpread(one);
			expect(p99Ms).to.be.at.least(p50Ms);
			expect(cpuMs.apiServer).to.be.within(0, 1_000);
			if (webhook !== undefined) expect(webhook.seenByApiServerMs).to.be.above(webhook.seenByUsMs);
		}
	});
});

describe('attacks on the webhook port', () => {
	before(function () {
		if (!isLinux()) this.skip();
	});

	it('every attack in turn › reviews get their own responses meanwhile, and memory has a limit', function () {
		// 40 s, or some minutes if other programs use both cores.
		this.timeout(600_000);
		const bench = [join(ROOT, 'endurance/bench/main.ts'), '--short', 'hostile'];
		const { status, stdout, stderr } = spawnSync(process.execPath, bench, { encoding: 'utf8' });
		expect(status, stderr).to.equal(0);
		const rows = rowsOf(stdout).filter((cells) => cells.length === 6);
		expect(rows.map(([attack]) => attack)).to.deep.equal(ATTACK_NAMES);
		for (const [attack, , , during, , mib] of rows) {
			expect(Number(during), attack).to.be.above(0);
			expect(Number(mib), attack).to.be.below(MOST_MIB);
		}
	});
});

describe('measurements of growth', function () {
	this.timeout(180_000);
	needH2load();
	// Servers of other measurements would be reconciled too.
	const plane = needControlPlane({ isOwn: true });
	before(function () {
		if (!isLinux()) this.skip();
	});

	it('growth › every number of servers with and without the reconciler, no writes', async () => {
		const { byServers } = await measureGrowth(plane(), GROWTH.shortOptions);
		const cells = byServers.map(({ servers, reconciler }) => `${servers} ${reconciler}`);
		expect(cells).to.deep.equal(['2 off', '2 on', '10 off', '10 on']);
		for (const { writes, secondsToReady, settled, underLoad, p50Ms, p99Ms } of byServers) {
			expect(writes, 'what is measured is the cache').to.equal(0);
			expect(secondsToReady).to.be.within(0.1, 60);
			for (const { total, peak } of [settled, underLoad]) {
				expect(total).to.be.within(30, 1_000);
				expect(peak).to.be.at.least(total);
			}
			for (const one of [p50Ms, p99Ms]) expectSpread(one);
		}
	});
});
