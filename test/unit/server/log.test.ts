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

	it('a warning › written at once, after the lines before it, because the process may be killed next', () => {
		const log = createLog('info', file);
		log.info('before');
		log.child({}).warn('trouble');
		expect(messages()).to.deep.equal(['before', 'trouble']);
	});

	it('the process ends › no line is lost', () => {
		const log = `createLog('info', ${JSON.stringify(file)})`;
		const program = `import { createLog } from ${JSON.stringify(MODULE)}; ${log}.info('last'); process.exit(0);`;
		spawnSync(process.execPath, ['--input-type=module', '--eval', program]);
		expect(messages()).to.deep.equal(['last']);
	});
});
