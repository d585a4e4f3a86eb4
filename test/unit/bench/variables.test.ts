/** What cannot be meant is refused before anything begins: with the variable, what it was, and what it may be. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const ROOT = join(import.meta.dirname, '../../..');

const TABLE = [
	{ program: 'endurance/chaos/main.ts', env: { MINUTES: 'abc' }, says: 'MINUTES=abc: give a number, at least 0' },
	{ program: 'endurance/chaos/main.ts', env: { SEED: '1.5' }, says: 'SEED=1.5: give a whole number' },
	{
		program: 'endurance/chaos/main.ts',
		env: { ONLY: 'nonsense' },
		says: 'ONLY=nonsense: no name has that in it; there are',
	},
	{ program: 'endurance/soak/main.ts', env: { MINUTES: '0.5' }, says: 'MINUTES=0.5: give a number, at least 1' },
	{ program: 'endurance/soak/main.ts', env: { HOURS: '0' }, says: 'HOURS=0: give a number, at least 0.05' },
	{
		program: 'endurance/soak/main.ts',
		env: { HOURS: '1', MINUTES: '9' },
		says: 'HOURS= and MINUTES=: give one of them',
	},
	{ program: 'endurance/soak/main.ts', env: { PLANT: 'tree' }, says: 'PLANT=tree: give heap or descriptors' },
	{ program: 'endurance/fuzz/main.ts', env: { MINUTES: '-1' }, says: 'MINUTES=-1: give a number, at least 0.01' },
	{ program: 'endurance/fuzz/main.ts', env: { SEED: 'Infinity' }, says: 'SEED=Infinity: give a number, at least 0' },
	{
		program: 'endurance/fuzz/main.ts',
		env: { TARGET: 'nonsense' },
		says: 'TARGET=nonsense: there is none of that name',
	},
];

describe('variables of commands', function () {
	this.timeout(30_000);
	for (const { program, env, says } of TABLE) {
		it(says, () => {
			const { PATH } = process.env;
			const ended = spawnSync(process.execPath, [join(ROOT, program)], { encoding: 'utf8', env: { PATH, ...env } });
			expect(ended.stdout).to.equal('');
			expect(ended.stderr.trimEnd().split('\n')).to.have.length(1);
			expect(ended.stderr).to.contain(says);
			expect(ended.status).to.equal(2);
		});
	}
});
