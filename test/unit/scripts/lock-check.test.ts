import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Lock, type LockedPackage, lockProblems, readLock } from '../../../scripts/lock-check.ts';
import { ROOT } from '../../harness/documents.ts';

describe('scripts/lock-check.ts', () => {
	const lock = readLock(ROOT);

	it('finds nothing wrong with the packages that we have', () => expect(lockProblems(lock)).to.deep.equal([]));

	const planted: Readonly<Record<string, readonly [LockedPackage, RegExp]>> = {
		'a package from git': [{ resolved: 'git+ssh://git@example.com/a.git#1' }, /pino has the URL git/],
		'no checksum': [{ integrity: '' }, /pino has no sha512/],
		'a weak checksum': [{ integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, /pino has no sha512/],
		'an install script': [{ hasInstallScript: true }, /pino has an install script/],
		'a deprecated package': [{ deprecated: 'use another' }, /pino is deprecated: use another/],
		'another licence': [{ license: 'GPL-3.0' }, /pino has the licence GPL-3.0/],
		'a link': [{ link: true }, /pino is a link/],
		'a version that is none': [{ version: 'file:../x' }, /pino has no exact version/],
	};
	for (const [what, [change, problem]] of Object.entries(planted)) {
		it(`says ${what}`, () => {
			const packages = { ...lock.packages, 'node_modules/pino': { ...lock.packages['node_modules/pino'], ...change } };
			expect(lockProblems({ ...lock, packages } as Lock).join('\n')).to.match(problem);
		});
	}

	it('says what is there twice, and what is so no longer', () => {
		const pino = lock.packages['node_modules/pino'] ?? {};
		const packages = { ...lock.packages, 'node_modules/x/node_modules/pino': { ...pino, version: '1.0.0' } };
		expect(lockProblems({ ...lock, packages })).to.deep.equal([
			'pino has several versions; add it to TWICE in scripts/lock-check.ts with a reason',
		]);
		const { 'node_modules/tsyringe/node_modules/tslib': _, ...once } = lock.packages;
		expect(lockProblems({ ...lock, packages: once })).to.deep.equal([
			'tslib has one version; remove it from TWICE in scripts/lock-check.ts',
		]);
	});
});
