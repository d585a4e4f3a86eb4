import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { cpuSeconds, forgetPeak, isLinux, residentMib, usageOf } from './linux-process.ts';

describe('bench: processes on Linux', function () {
	this.timeout(30_000);
	before(function () {
		if (!isLinux()) this.skip();
	});

	it('memory › equals what Node reports; the peak can be reset', () => {
		const { total, peak, anonymous, ofFiles } = residentMib(process.pid);
		expect(total).to.be.closeTo(process.memoryUsage.rss() / 2 ** 20, 20);
		expect(anonymous + ofFiles).to.be.closeTo(total, 1);
		expect(peak).to.be.at.least(total);
		const allocatedMib = Buffer.alloc(200 * 2 ** 20, 1).length / 2 ** 20;
		expect(residentMib(process.pid).peak).to.be.at.least(allocatedMib);
		forgetPeak(process.pid);
		const after = residentMib(process.pid);
		expect(after.peak).to.be.closeTo(after.total, 1);
	});
	it('CPU time › equals what Node reports', () => {
		const before = cpuSeconds(process.pid);
		for (const endMs = performance.now() + 200; performance.now() < endMs; );
		const { user, system } = process.cpuUsage();
		const after = cpuSeconds(process.pid);
		expect(after)
			.to.be.closeTo((user + system) / 1e6, 0.1)
			.and.to.be.above(before);
	});
	it('a process with a child › CPU time and memory of both', async () => {
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
