import { expect } from 'chai';
import { type Lock, lockProblems, readLock } from '../../../scripts/lock-check.ts';
import { ROOT } from '../../harness/documents.ts';

const PINO = 'node_modules/pino';

describe('scripts/lock-check.ts', () => {
	const lock = readLock(ROOT);

	it('the packages of this checkout › no problem', () => expect(lockProblems(lock)).to.deep.equal([]));

	for (const [change, problem] of [
		[{ resolved: 'git+ssh://git@example.com/a.git#1' }, 'pino has the URL git'],
		[{ integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'pino has no sha512'],
		[{ hasInstallScript: true }, 'pino has an install script'],
		[{ deprecated: 'use another' }, 'pino is deprecated: use another'],
		[{ license: 'GPL-3.0' }, 'pino has the licence GPL-3.0'],
		[{ link: true }, 'pino is a link'],
		[{ version: 'file:../x' }, 'pino has no exact version'],
	] as const) {
		it(`${JSON.stringify(change)} › ${problem}`, () => {
			const packages = { [PINO]: { ...lock.packages[PINO], ...change } };
			expect(lockProblems({ ...lock, packages } as Lock).join()).to.include(problem);
		});
	}
});
