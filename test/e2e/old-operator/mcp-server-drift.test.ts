import { expect } from 'chai';
import { describe, it } from 'mocha';
import { named, needOldOperator, SEARCH, server } from '../../harness/old-operator/need-old-operator.ts';

describe('old operator: what it fights for in the Deployment of an MCPServer', function () {
	this.timeout(60_000);
	const { apply, kubectl, patch, settle } = needOldOperator();

	const drifts: { it: string; change: object; drifts: boolean }[] = [
		{ it: 'an annotation of the Deployment', change: { metadata: { annotations: { x: 'y' } } }, drifts: false },
		{ it: 'a label of the Deployment', change: { metadata: { labels: { x: 'y' } } }, drifts: true },
		{
			it: 'an annotation of the template',
			change: { spec: { template: { metadata: { annotations: { x: 'y' } } } } },
			drifts: true,
		},
		{
			it: 'a label of the template',
			change: { spec: { template: { metadata: { labels: { x: 'y' } } } } },
			drifts: false,
		},
		{
			it: 'the grace period',
			change: { spec: { template: { spec: { terminationGracePeriodSeconds: 60 } } } },
			drifts: false,
		},
		{ it: 'the count', change: { spec: { replicas: 2 } }, drifts: false },
	];
	for (const row of drifts) {
		it(`${row.drifts ? 'fights' : 'accepts'} a foreign change of ${row.it}`, async () => {
			await apply(server('MCPServer', 'search', SEARCH));
			await settle();
			await patch('deployment', 'search', row.change);
			const { writes } = await settle();
			expect(named(writes).includes('PUT deployments')).to.equal(row.drifts);
		});
	}

	it('fights for the environment of container 0, but not of others', async () => {
		await apply(server('MCPServer', 'search', SEARCH));
		await settle();
		const env = (value: string) => [
			{ op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'X', value } },
		];
		await kubectl(['patch', 'deployment', 'search', '--type=json', '-p', JSON.stringify(env('y'))]);
		expect(named((await settle()).writes)).to.include('PUT deployments');
		const sidecar = [{ op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'side', image: 'x' } }];
		await kubectl(['patch', 'deployment', 'search', '--type=json', '-p', JSON.stringify(sidecar)]);
		expect(named((await settle()).writes)).to.not.include('PUT deployments');
	});
});
