import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { cpuSeconds, forgetPeak, isLinux, residentMib } from '../../bench/linux-process.ts';

describe('what Linux knows of a process', () => {
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
});
