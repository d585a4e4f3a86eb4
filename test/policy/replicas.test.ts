import { expect } from 'chai';
import { desiredReplicas } from '../../src/policy/replicas.ts';
import { server } from './build.ts';

const TABLE = [
	{
		it: 'TestSpecDrivenReplicasNil: unset owes nothing',
		replicas: undefined,
		live: 1,
		applied: undefined,
		owes: undefined,
	},
	{
		it: 'unset after 4 owes nothing, the live count stays',
		replicas: undefined,
		live: 4,
		applied: '4',
		owes: undefined,
	},
	{ it: 'an update from 2 to unset sets nothing', replicas: undefined, live: 2, applied: '2', owes: undefined },
	{ it: '3, live 1, no note: owed', replicas: 3, live: 1, applied: undefined, owes: 3 },
	{ it: '3, live 3, no note: the operator carried it', replicas: 3, live: 3, applied: undefined, owes: undefined },
	{ it: '4 after 2: owed', replicas: 4, live: 2, applied: '2', owes: 4 },
	{ it: '4, scaled to 6 since: somebody’s choice', replicas: 4, live: 6, applied: '4', owes: undefined },
	{ it: '0 is a value', replicas: 0, live: 1, applied: undefined, owes: 0 },
	{ it: '0, live 0', replicas: 0, live: 0, applied: '0', owes: undefined },
	{ it: 'stdio 3 owes 1', stdio: true, replicas: 3, live: 0, applied: '0', owes: 1 },
	{ it: 'stdio 3, live 1: nothing', stdio: true, replicas: 3, live: 1, applied: undefined, owes: undefined },
	{
		it: 'stdio 3, live 4, carried: the cap’s work, not ours',
		stdio: true,
		replicas: 3,
		live: 4,
		applied: '1',
		owes: undefined,
	},
	{ it: '3 that was stdio: owed, only 1 was carried', replicas: 3, live: 1, applied: '1', owes: 3 },
];

describe('replicas that are not applied yet', () => {
	for (const { it: title, stdio = false, replicas, live, applied, owes } of TABLE) {
		it(title, () => {
			const subject = server({ stdio, ...(replicas !== undefined && { replicas }) });
			expect(desiredReplicas(subject, { operation: 'apply', live, applied }).replicas).to.equal(owes);
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
