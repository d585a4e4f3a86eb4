/** Tests which replicas are pending. deployment.test.ts covers the creation, updates and Scales of Deployments. */
import { expect } from 'chai';
import { desiredReplicas } from '../../../src/policy/replicas.ts';
import { server } from '../../harness/servers.ts';

const HTTP = false;
const STDIO = true;

describe('replicas › which are pending', () => {
	for (const [title, stdio, replicas, live, applied, expected] of [
		['TestSpecDrivenReplicasNil: unset', HTTP, undefined, 1, undefined, undefined],
		['unset after 4: the live count stays', HTTP, undefined, 4, '4', undefined],
		['1, live unset, which is 1', HTTP, 1, undefined, undefined, undefined],
		['3, live 1, no annotation', HTTP, 3, 1, undefined, 3],
		['3, live 3, no annotation: the operator applied it', HTTP, 3, 3, undefined, undefined],
		['4 after 2', HTTP, 4, 2, '2', 4],
		['4, scaled to 6 since by another client', HTTP, 4, 6, '4', undefined],
		['0, live 1', HTTP, 0, 1, undefined, 0],
		['stdio 3, live 0', STDIO, 3, 0, '0', 1],
		['stdio 3, live 4, applied: capping the live count is another operation', STDIO, 3, 4, '1', undefined],
		['3, live 1, 1 was applied while it was stdio', HTTP, 3, 1, '1', 3],
	] as const) {
		it(`${title} › ${expected}`, () => {
			const subject = server({ stdio, ...(replicas !== undefined && { replicas }) });
			expect(desiredReplicas(subject, { operation: 'apply', live, applied }).replicas).to.equal(expected);
		});
	}
	const unseen = { operation: 'apply', live: 6, applied: undefined, seenApplied: '3' } as const;
	it('live 6, no annotation, 3 was seen › replicas 3 › only the annotation is written', () => {
		expect(desiredReplicas(server({ replicas: 3 }), unseen)).to.deep.equal({ appliedReplicas: '3' });
	});
	it('live 6, no annotation, 3 was seen › replicas 4 › both are written', () => {
		expect(desiredReplicas(server({ replicas: 4 }), unseen)).to.deep.equal({ replicas: 4, appliedReplicas: '4' });
	});
	const stdioServer = server({ replicas: 1, stdio: true });
	for (const [title, input] of [
		['an update to 1 keeps', { operation: 'update', sent: 1, applied: '2', appliedBefore: '2' }],
		['an update to 1 drops', { operation: 'update', sent: 1, applied: undefined, appliedBefore: '2' }],
		['a live Deployment with 1 has', { operation: 'live', live: 1, applied: '2' }],
	] as const) {
		it(`stdio, ${title} the annotation 2 › the annotation is 1, so that 2 are pending once it is HTTP again`, () => {
			expect(desiredReplicas(stdioServer, input)).to.deep.equal({ appliedReplicas: '1' });
		});
	}
	it('stdio, the annotation is not a number › no change', () => {
		expect(desiredReplicas(stdioServer, { operation: 'live', live: 1, applied: 'abc' })).to.deep.equal({});
	});
	it('stdio, a Deployment that a client scaled to 0 has the annotation 4 › 0 stays', () => {
		const capped = desiredReplicas(stdioServer, { operation: 'live', live: 0, applied: '4' });
		expect(capped).to.deep.equal({ appliedReplicas: '1' });
		expect(desiredReplicas(stdioServer, { operation: 'apply', live: 0, applied: '1' })).to.deep.equal({});
	});
	it('stdio, 4, an update drops the annotation 4 › the cap is applied, so that 4 are pending once it is HTTP', () => {
		const update = { operation: 'update', sent: 3, applied: undefined, appliedBefore: '4' } as const;
		const capped = { replicas: 1, appliedReplicas: '1' };
		expect(desiredReplicas(server({ replicas: 4, stdio: true }), update)).to.deep.equal(capped);
	});
});
