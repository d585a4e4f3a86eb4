import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

describe('variables of make commands', function () {
	this.timeout(30_000);
	for (const [program, given, reason] of [
		['chaos', 'MINUTES=abc', 'MINUTES=abc: give a number, at least 0'],
		['chaos', 'SEED=1.5', 'SEED=1.5: give a whole number'],
		['chaos', 'ONLY=nonsense', 'ONLY=nonsense: no disturbance has that'],
		['soak', 'MINUTES=0.5', 'MINUTES=0.5: give a number, at least 1'],
		['soak', 'HOURS=0', 'HOURS=0: give a number, at least 0.05'],
		['soak', 'HOURS=1 MINUTES=9', 'HOURS= and MINUTES=: set only one of'],
		['soak', 'PLANT=tree', 'PLANT=tree: allowed are heap and desc'],
		['fuzz', 'MINUTES=-1', 'MINUTES=-1: give a number, at least 0.01'],
		['fuzz', 'SEED=Infinity', 'SEED=Infinity: give a number, at least 0'],
		['fuzz', 'TARGET=nonsense', 'TARGET=nonsense: no target has that n'],
	] as const) {
		it(`${program} › ${given} › one line and exit code 2`, () => {
			const variables = Object.fromEntries(given.split(' ').map((pair) => pair.split('=')));
			const { PATH } = process.env;
			const main = join(import.meta.dirname, '..', program, 'main.ts');
			const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
				...({ encoding: 'utf8', env: { PATH, ...variables } } as const),
			});
			expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).to.deep.equal({
				status: 2,
				stdout: '',
				lines: 1,
			});
			expect(stderr).to.contain(reason);
		});
	}
});
