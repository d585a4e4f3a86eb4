import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createReport } from '../../../src/cli/report.ts';
import { createTerminal } from '../../harness/terminal.ts';

describe('createReport', () => {
	it('progress › shown on a terminal after a second, and cleared before the report', async () => {
		const terminal = createTerminal('', {}, true);
		const report = createReport(terminal);
		const elsewhere = createTerminal();
		const silent = createReport(elsewhere);
		report.progress('1 documents read');
		expect(terminal.printed()).to.equal('');
		await sleep(1_050);
		for (const text of ['2 documents read', '3 documents read']) report.progress(text);
		silent.progress('2 documents read');
		expect(terminal.printed()).to.equal('\r\u001b[K2 documents read');
		await report.print('the report\n');
		expect(terminal.printed()).to.equal('\r\u001b[K2 documents read\r\u001b[Kthe report\n');
		expect(elsewhere.printed()).to.equal('');
	});
	it('warn › one printable line on stderr', () => {
		const terminal = createTerminal();
		createReport(terminal).warn('a\u001b[2J\nb');
		expect([terminal.stdoutText(), terminal.stderrText()]).to.deep.equal(['', 'thv-scaling: a [2J b\n']);
	});
});
