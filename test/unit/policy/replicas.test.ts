import { expect } from 'chai';
import { desiredReplicas } from '../../../src/policy/replicas.ts';
import { cap } from '../../../src/policy/stdio-cap.ts';
import { server } from '../../harness/servers.ts';

const HTTP = false;
const STDIO = true;

describe('stdio cap', () => {
	for (const [title, stdio, count, expected] of [
		['TestReplicaBehavior: stdio, 3', STDIO, 3, 1],
		['TestReplicaBehavior: stdio, 1', STDIO, 1, 1],
		['TestReplicaBehavior: stdio, 0', STDIO, 0, 0],
		['stdio, the largest int32', STDIO, 2 ** 31 - 1, 1],
		['TestReplicaBehavior: sse, 3', HTTP, 3, 3],
		['TestReplicaBehavior: streamable-http, 5', HTTP, 5, 5],
		['TestReplicaBehavior: sse, 0', HTTP, 0, 0],
	] as const) {
		it(`${title} › ${expected}`, () => expect(cap(server({ stdio }), count)).to.equal(expected));
	}
});

describe('replicas › a Deployment is created', () => {
	for (const [title, spec, expected] of [
		['TestSpecDrivenReplicasNil: unset', {}, undefined],
		['TestSpecDrivenReplicas1: 1', { replicas: 1 }, 1],
		['TestSpecDrivenReplicas3SseTransport: sse, 3', { replicas: 3 }, 3],
		['TestSpecDrivenStdioCapAt1: stdio, 3', { stdio: true, replicas: 3 }, 1],
		['0', { replicas: 0 }, 0],
		['stdio, 0', { stdio: true, replicas: 0 }, 0],
		['stdio, unset', { stdio: true }, undefined],
	] as const) {
		it(`${title} › ${expected}`, () => {
			const created = desiredReplicas(server(spec), { operation: 'create', sent: undefined });
			expect(created.replicas).to.equal(expected);
		});
	}
});

describe('replicas › which are pending', () => {
	for (const [title, stdio, replicas, live, applied, expected] of [
		['TestSpecDrivenReplicasNil: unset', HTTP, undefined, 1, undefined, undefined],
		['unset after 4: the live count stays', HTTP, undefined, 4, '4', undefined],
		['3, live 1, no annotation', HTTP, 3, 1, undefined, 3],
		['3, live 3, no annotation: the operator applied it', HTTP, 3, 3, undefined, undefined],
		['4 after 2', HTTP, 4, 2, '2', 4],
		['4, scaled to 6 since by another client', HTTP, 4, 6, '4', undefined],
		['0, live 1', HTTP, 0, 1, undefined, 0],
		['0, live 0', HTTP, 0, 0, '0', undefined],
		['stdio 3, live 0', STDIO, 3, 0, '0', 1],
		['stdio 3, live 1', STDIO, 3, 1, undefined, undefined],
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
	it('live unset, which is 1 › replicas 1 › nothing is pending', () => {
		const input = { operation: 'apply', live: undefined, applied: undefined } as const;
		expect(desiredReplicas(server({ replicas: 1 }), input)).to.deep.equal({});
	});
});

describe('replicas › an update drops the annotation 4', () => {
	const update = { operation: 'update', sent: 3, applied: undefined, appliedBefore: '4' } as const;
	it('HTTP, 4 › restored', () => {
		expect(desiredReplicas(server({ replicas: 4 }), update)).to.deep.equal({ appliedReplicas: '4' });
	});
	it('unset › not restored', () => expect(desiredReplicas(server(), update)).to.deep.equal({}));
	it('another annotation is sent › kept', () => {
		expect(desiredReplicas(server({ replicas: 4 }), { ...update, applied: '2' })).to.deep.equal({});
	});
	it('stdio, 4 › the cap is the applied count, so that 4 are pending once the transport is HTTP again', () => {
		const capped = { replicas: 1, appliedReplicas: '1' };
		expect(desiredReplicas(server({ replicas: 4, stdio: true }), update)).to.deep.equal(capped);
	});
});
