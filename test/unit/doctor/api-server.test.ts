import { expect } from 'chai';
import { describe, it } from 'mocha';
import { apiServer, knowsDryRun } from '../../../src/doctor/api-server.ts';
import { fixes, sentences } from './results.ts';

const rows = [
	{ it: 'the oldest that will do', gitVersion: 'v1.30.0', says: 'ok: Kubernetes at URL is v1.30.0', tries: true },
	{
		it: 'a vendor’s own',
		gitVersion: 'v1.31.2-eks-7f9249a',
		says: 'ok: Kubernetes at URL is v1.31.2-eks-7f9249a',
		tries: true,
	},
	{ it: 'with build data', gitVersion: 'v1.36.1+k3s1', says: 'ok: Kubernetes at URL is v1.36.1+k3s1', tries: true },
	{
		it: 'one too old',
		gitVersion: 'v1.29.14',
		says: 'fail: Kubernetes at URL is v1.29.14: without matchConditions',
		tries: true,
	},
	{
		it: 'one that would store a dry run',
		gitVersion: 'v1.11.0',
		says: 'fail: Kubernetes at URL is v1.11.0',
		tries: false,
	},
	{
		it: 'one that does not tell',
		gitVersion: undefined,
		says: 'warn: Kubernetes at URL does not tell its version',
		tries: false,
	},
];

describe('doctor: API server', () => {
	for (const row of rows) {
		it(row.it, () => {
			const said = apiServer('URL', { gitVersion: row.gitVersion });
			expect(sentences(said)).to.have.length(1);
			expect(sentences(said)[0]).to.satisfy((text: string) => text.startsWith(row.says));
			expect(fixes(said)[0] === undefined).to.equal(row.says.startsWith('ok'));
			expect(knowsDryRun({ gitVersion: row.gitVersion })).to.equal(row.tries);
		});
	}
	it('an answer that is no object', () => expect(sentences(apiServer('URL', 'hello'))[0]).to.match(/^warn/));
});
