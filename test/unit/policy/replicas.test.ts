import { expect } from 'chai';
import { desiredReplicas } from '../../../src/policy/replicas.ts';
import { server } from '../../harness/servers.ts';

const TABLE = [
	{
		it: 'TestSpecDrivenReplicasNil: unset › nothing is pending',
		replicas: undefined,
		live: 1,
		applied: undefined,
		pending: undefined,
	},
	{
		it: 'unset after 4 › nothing is pending, the live count stays',
		replicas: undefined,
		live: 4,
		applied: '4',
		pending: undefined,
	},
	{ it: 'unset after 2 › nothing is pending', replicas: undefined, live: 2, applied: '2', pending: undefined },
	{ it: '3, live 1, no annotation › pending', replicas: 3, live: 1, applied: undefined, pending: 3 },
	{
		it: '3, live 3, no annotation › the operator applied it',
		replicas: 3,
		live: 3,
		applied: undefined,
		pending: undefined,
	},
	{ it: '4 after 2 › pending', replicas: 4, live: 2, applied: '2', pending: 4 },
	{ it: '4, scaled to 6 since › the choice of another client', replicas: 4, live: 6, applied: '4', pending: undefined },
	{ it: '0 is a value', replicas: 0, live: 1, applied: undefined, pending: 0 },
	{ it: '0, live 0', replicas: 0, live: 0, applied: '0', pending: undefined },
	{ it: 'stdio 3, live 0 › 1 is pending', stdio: true, replicas: 3, live: 0, applied: '0', pending: 1 },
	{
		it: 'stdio 3, live 1 › nothing is pending',
		stdio: true,
		replicas: 3,
		live: 1,
		applied: undefined,
		pending: undefined,
	},
	{
		it: 'stdio 3, live 4, applied › nothing is pending, the cap is another operation',
		stdio: true,
		replicas: 3,
		live: 4,
		applied: '1',
		pending: undefined,
	},
	{ it: '3 that was stdio › pending, only 1 was applied', replicas: 3, live: 1, applied: '1', pending: 3 },
];

describe('replicas that are not applied yet', () => {
	for (const { it: title, stdio = false, replicas, live, applied, pending } of TABLE) {
		it(title, () => {
			const subject = server({ stdio, ...(replicas !== undefined && { replicas }) });
			expect(desiredReplicas(subject, { operation: 'apply', live, applied }).replicas).to.equal(pending);
		});
	}
});

describe('a Deployment without an annotation that was seen with 3', () => {
	for (const { replicas, pending } of [
		{ replicas: 3, pending: { appliedReplicas: '3' } },
		{ replicas: 4, pending: { replicas: 4, appliedReplicas: '4' } },
	]) {
		it(`live 6, replicas ${replicas} › ${JSON.stringify(pending)}`, () => {
			const input = { operation: 'apply', live: 6, applied: undefined, seenApplied: '3' } as const;
			expect(desiredReplicas(server({ replicas }), input)).to.deep.equal(pending);
		});
	}
});

describe('a Deployment without a count has the 1 of the API server', () => {
	it('replicas 1 › nothing is pending', () => {
		const input = { operation: 'apply', live: undefined, applied: undefined } as const;
		expect(desiredReplicas(server({ replicas: 1 }), input)).to.deep.equal({});
	});
});

describe('an update that drops the annotation', () => {
	const update = { operation: 'update', sent: 3, applied: undefined, appliedBefore: '4' } as const;
	it('the server is http › restored as it was', () => {
		expect(desiredReplicas(server({ replicas: 4 }), update)).to.deep.equal({ appliedReplicas: '4' });
	});
	it('the server has no replicas any more › not restored', () => {
		expect(desiredReplicas(server({}), update)).to.deep.equal({});
	});
	it('another annotation is sent › that one is kept', () => {
		expect(desiredReplicas(server({ replicas: 4 }), { ...update, applied: '2' })).to.deep.equal({});
	});
	it('the server became stdio › the cap is the applied count, so that 4 are pending once it is http again', () => {
		const capped = { replicas: 1, appliedReplicas: '1' };
		expect(desiredReplicas(server({ replicas: 4, stdio: true }), update)).to.deep.equal(capped);
	});
});
