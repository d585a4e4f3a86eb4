import { expect } from 'chai';
import { type Lock, lockProblems, readLock } from '../../../scripts/lock-check.ts';
import { ROOT } from '../../harness/documents.ts';

const PINO = 'node_modules/pino';

describe('scripts/lock-check.ts', () => {
	const lock = readLock(ROOT);
	const problemsWith = (packages: object): string[] =>
		lockProblems({ ...lock, packages: { ...lock.packages, ...packages } } as Lock);

	it('the packages of this checkout › no problem', () => expect(lockProblems(lock)).to.deep.equal([]));

	for (const [change, problem] of [
		[{ resolved: 'git+ssh://git@example.com/a.git#1' }, 'pino has the URL git'],
		[{ integrity: '' }, 'pino has no sha512'],
		[{ integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'pino has no sha512'],
		[{ hasInstallScript: true }, 'pino has an install script'],
		[{ deprecated: 'use another' }, 'pino is deprecated: use another'],
		[{ license: 'GPL-3.0' }, 'pino has the licence GPL-3.0'],
		[{ link: true }, 'pino is a link'],
		[{ version: 'file:../x' }, 'pino has no exact version'],
	] as const) {
		it(`${JSON.stringify(change)} › ${problem}`, () =>
			expect(problemsWith({ [PINO]: { ...lock.packages[PINO], ...change } }).join('\n')).to.include(problem));
	}

	it('a second version › reported; an exception that is no longer needed › reported', () => {
		const second = { [`node_modules/x/${PINO}`]: { ...lock.packages[PINO], version: '1.0.0' } };
		expect(problemsWith(second)).to.deep.equal([
			'pino has several versions; add it to TWICE in scripts/lock-check.ts with a reason',
		]);
		const { 'node_modules/tsyringe/node_modules/tslib': _, ...packages } = lock.packages;
		expect(lockProblems({ ...lock, packages })).to.deep.equal([
			'tslib has one version; remove it from TWICE in scripts/lock-check.ts',
		]);
	});
});
