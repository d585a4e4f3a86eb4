import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startOwn, writeCertificates } from './contestant.ts';
import { isLinux } from './linux-process.ts';

describe('bench: a measured server', function () {
	this.timeout(60_000);
	const folder = mkdtempSync(join(tmpdir(), 'bench-contestant-'));
	before(async function () {
		if (!isLinux()) this.skip();
		await writeCertificates(folder);
	});
	after(() => rmSync(folder, { recursive: true }));

	it('started › it logs to a pipe and runs on one core', async () => {
		const { pid, stop } = await startOwn('product', folder);
		try {
			expect(statSync(`/proc/${pid}/fd/1`).isFIFO()).to.equal(true);
			const { stdout, error } = spawnSync('taskset', ['-cp', String(pid)], { encoding: 'utf8' });
			if (error === undefined) expect(stdout).to.match(/: 0\n$/);
		} finally {
			await stop();
		}
	});
	it('ends early › the error contains the end of its log', async () => {
		const failure = await startOwn('nothing', folder).catch((error: Error) => error.message);
		expect(failure).to.match(
			/^nothing did not get ready; the end of its log:\n.*no server nothing; there are floor, /s,
		);
	});
});
