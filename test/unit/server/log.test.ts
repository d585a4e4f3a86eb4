import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLog } from '../../../src/server/log.ts';
import { until } from '../../harness/until.ts';

const MODULE = join(import.meta.dirname, '../../../src/server/log.ts');

describe('the log', () => {
	let folder: string;
	let file: string;
	const messages = (): string[] =>
		readFileSync(file, 'utf8')
			.split('\n')
			.flatMap((line) => (line === '' ? [] : [JSON.parse(line).msg]));
	/** What is left in the file of a process that does `steps` with a log. */
	const leftBy = (steps: string): string[] => {
		const told = `
			import { createLog } from ${JSON.stringify(MODULE)};
			const log = createLog('info', ${JSON.stringify(file)});
			${steps}`;
		spawnSync(process.execPath, ['--input-type=module', '--eval', told]);
		return messages();
	};
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'log-'));
		file = join(folder, 'log');
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it('writes no line by itself, and keeps none for long', async () => {
		const log = createLog('info', file);
		log.info('one');
		log.info('two');
		expect(messages()).to.deep.equal([]);
		await until(() => messages().length > 0);
		expect(messages()).to.deep.equal(['one', 'two']);
	});

	it('writes when there is much', () => {
		const log = createLog('info', file);
		for (let line = 0; line < 100; line += 1) log.info('x'.repeat(100));
		expect(messages()).to.have.length.greaterThan(20);
	});

	for (const level of ['warn', 'error', 'fatal']) {
		it(`tells of ${level} at once, after what was before it: the process may be killed next`, () => {
			const killed = `log.info('before'); log.child({}).${level}('trouble'); process.kill(process.pid, 'SIGKILL');`;
			expect(leftBy(killed)).to.deep.equal(['before', 'trouble']);
		});
	}

	it('loses nothing when the process ends', () => {
		expect(leftBy(`log.info('last'); process.exit(0);`)).to.deep.equal(['last']);
		expect(leftBy(`log.info('last');`)).to.deep.equal(['last', 'last']);
	});
});
