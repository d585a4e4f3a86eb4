import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLog } from '../../../src/server/log.ts';
import { until } from '../../harness/until.ts';

const MODULE = join(import.meta.dirname, '../../../src/server/log.ts');

describe('log', () => {
	let folder: string;
	let file: string;
	const messages = (): string[] =>
		readFileSync(file, 'utf8')
			.split('\n')
			.flatMap((line) => (line === '' ? [] : [JSON.parse(line).msg]));
	/** Returns the messages in the log file of a process that runs `steps` and then exits. */
	const loggedBy = (steps: string): string[] => {
		const log = `createLog('info', ${JSON.stringify(file)})`;
		const program = `import { createLog } from ${JSON.stringify(MODULE)}; const log = ${log}; ${steps}`;
		spawnSync(process.execPath, ['--input-type=module', '--eval', program]);
		return messages();
	};
	let exitListeners: readonly unknown[];
	beforeEach(() => {
		exitListeners = process.listeners('exit');
		folder = mkdtempSync(join(tmpdir(), 'log-'));
		file = join(folder, 'log');
	});
	afterEach(() => {
		for (const listener of process.listeners('exit'))
			if (!exitListeners.includes(listener)) process.off('exit', listener);
		rmSync(folder, { recursive: true });
	});

	it('a few lines › written together after a short delay', async () => {
		const log = createLog('info', file);
		log.info('one');
		log.info('two');
		expect(messages()).to.deep.equal([]);
		await until(() => messages().length > 0);
		expect(messages()).to.deep.equal(['one', 'two']);
	});

	it('more lines than the buffer holds › written at once', () => {
		const log = createLog('info', file);
		for (let line = 0; line < 100; line += 1) log.info('x'.repeat(100));
		expect(messages()).to.have.length.greaterThan(20);
	});

	for (const level of ['warn', 'error', 'fatal']) {
		it(`a line of ${level} › written at once, after those before it, because the process may be killed next`, () => {
			const log = createLog('info', file);
			log.info('before');
			if (level === 'fatal') {
				const steps = `log.info('before'); log.child({}).fatal('trouble'); process.kill(process.pid, 'SIGKILL');`;
				expect(loggedBy(steps)).to.deep.equal(['before', 'trouble']);
			} else {
				log.child({})[level as 'warn']('trouble');
				expect(messages()).to.deep.equal(['before', 'trouble']);
			}
		});
	}

	it('the process ends › no line is lost', () =>
		expect(loggedBy(`log.info('last'); process.exit(0);`)).to.deep.equal(['last']));
});
