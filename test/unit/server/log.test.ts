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

	it('lines › written together after a delay, at once if the buffer is full or the line is a warning', async () => {
		const log = createLog('info', file);
		log.info('one');
		log.info('two');
		expect(messages()).to.deep.equal([]);
		await until(() => messages().length > 0);
		expect(messages()).to.deep.equal(['one', 'two']);
		log.info('before');
		// The process may be killed next.
		log.child({}).warn('trouble');
		expect(messages().slice(2)).to.deep.equal(['before', 'trouble']);
		for (let line = 0; line < 100; line += 1) log.info('x'.repeat(100));
		expect(messages()).to.have.length.within(24, 103);
	});

	it('the process ends › no line is lost', () => {
		const log = `createLog('info', ${JSON.stringify(file)})`;
		const program = `import { createLog } from ${JSON.stringify(MODULE)}; ${log}.info('last'); process.exit(0);`;
		spawnSync(process.execPath, ['--input-type=module', '--eval', program]);
		expect(messages()).to.deep.equal(['last']);
	});
});
