import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { cpuSeconds, forgetPeak, isLinux, residentMib, usageOf } from '../../../endurance/bench/linux-process.ts';

describe('what Linux knows of a process', function () {
	this.timeout(30_000);
	before(function () {
		if (!isLinux()) this.skip();
	});

	it('its memory, and the most it was since it was forgotten', () => {
		const { total, peak, anonymous, ofFiles } = residentMib(process.pid);
		expect(total).to.be.closeTo(process.memoryUsage.rss() / 2 ** 20, 20);
		expect(anonymous + ofFiles).to.be.closeTo(total, 1);
		expect(peak).to.be.at.least(total);
		const before = Buffer.alloc(200 * 2 ** 20, 1).length;
		expect(residentMib(process.pid).peak).to.be.at.least(before / 2 ** 20);
	});
	it('forgets the peak', () => {
		forgetPeak(process.pid);
		const { peak, total } = residentMib(process.pid);
		expect(peak).to.be.closeTo(total, 1);
	});
	it('its CPU time', () => {
		const before = cpuSeconds(process.pid);
		const untilMs = performance.now() + 200;
		while (performance.now() < untilMs);
		const { user, system } = process.cpuUsage();
		expect(cpuSeconds(process.pid))
			.to.be.closeTo((user + system) / 1e6, 0.1)
			.and.to.be.above(before);
	});
	it('CPU time and memory of a process › it started another one that works › both are counted', async () => {
		const work = 'for (; process.cpuUsage().user < 1.5e5; ); process.stdout.write("x"); setInterval(() => {}, 1e3)';
		const shell = spawn('sh', ['-c', '"$0" -e "$1"; true', process.execPath, work]);
		try {
			await once(shell.stdout, 'data');
			const { cpuUs, mib } = usageOf(shell.pid ?? 0);
			expect(cpuUs).to.be.above(100_000);
			expect(mib).to.be.above(residentMib(shell.pid ?? 0).total + 20);
		} finally {
			const [child = ''] = readFileSync(`/proc/${shell.pid}/task/${shell.pid}/children`, 'utf8').split(' ');
			process.kill(Number(child));
		}
	});
});
