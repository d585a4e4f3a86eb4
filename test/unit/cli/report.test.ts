import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createReport } from '../../../src/cli/report.ts';
import { createTerminal } from '../../harness/terminal.ts';

describe('a report', () => {
	it('shows how far it is on a terminal, from the second second on, and wipes that before it prints', async () => {
		const terminal = createTerminal('', {}, true);
		const report = createReport(terminal);
		report.progress('1 documents read');
		expect(terminal.printed()).to.equal('');
		await sleep(1_050);
		report.progress('2 documents read');
		report.progress('3 documents read');
		expect(terminal.printed()).to.equal('\r\u001b[K2 documents read');
		await report.print('the report\n');
		expect(terminal.printed()).to.equal('\r\u001b[K2 documents read\r\u001b[Kthe report\n');
	});
	it('shows nothing of it where nobody looks', async () => {
		const terminal = createTerminal();
		const report = createReport(terminal);
		await sleep(1_050);
		report.progress('1 documents read');
		expect(terminal.printed()).to.equal('');
	});
	it('tells on stderr, one printable line at a time', () => {
		const terminal = createTerminal();
		createReport(terminal).warn('a\u001b[2J\nb');
		expect([terminal.stdoutText(), terminal.stderrText()]).to.deep.equal(['', 'thv-scaling: a [2J b\n']);
	});
});
