import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { ServerSpec } from '../../../src/api/types.ts';
import { decide } from '../../../src/policy/decide.ts';
import { desiredReplicas } from '../../../src/policy/replicas.ts';
import { serverFindings, WARNING_IDS } from '../../../src/policy/rules.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { passwordRef, redis, server } from '../../harness/servers.ts';

interface Row {
	it: string;
	kind?: Kind;
	spec: Partial<ServerSpec>;
	replicas: number | undefined;
}

const TABLE: Row[] = [
	{ it: 'TestSpecDrivenReplicasNil: unset stays unset', spec: {}, replicas: undefined },
	{ it: 'TestSpecDrivenReplicas1: 1 gives 1', spec: { replicas: 1 }, replicas: 1 },
	{ it: 'TestSpecDrivenReplicas3SseTransport: 3 with sse gives 3', spec: { replicas: 3 }, replicas: 3 },
	{ it: 'TestSpecDrivenStdioCapAt1: 3 with stdio gives 1', spec: { stdio: true, replicas: 3 }, replicas: 1 },
	{ it: '0 is a value', spec: { replicas: 0 }, replicas: 0 },
	{ it: 'stdio 0 stays 0', spec: { stdio: true, replicas: 0 }, replicas: 0 },
	{ it: 'stdio unset stays unset', spec: { stdio: true }, replicas: undefined },
	{ it: 'a VirtualMCPServer is not capped', kind: 'VirtualMCPServer', spec: { replicas: 4 }, replicas: 4 },
	{ it: 'an MCPRemoteProxy is not capped', kind: 'MCPRemoteProxy', spec: { replicas: 4 }, replicas: 4 },
];

describe('decide', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			const created = desiredReplicas(server(row.spec, row.kind), { operation: 'create', sent: undefined });
			expect(created.replicas).to.equal(row.replicas);
		});
	}
	it('holds a reference to the password, outside of the RunConfig', () => {
		const decision = decide(server({ sessionStorage: { ...redis, passwordRef } }));
		expect(decision.passwordEnv?.valueFrom?.secretKeyRef).to.deep.equal(passwordRef);
		expect(JSON.stringify(decision.runConfig)).to.not.match(/redis-auth|password-key/);
	});
	it('does not change the server it is given', () => {
		const given = Object.freeze(server({ stdio: true, replicas: 3 }));
		decide(given);
		expect(given.spec.replicas).to.equal(3);
	});
});

describe('the warnings of SPEC.md 4', () => {
	it('are these twenty-one, in this order', () => {
		expect(WARNING_IDS).to.deep.equal([
			'stdio-replicas-capped',
			'session-storage-missing',
			'backend-session-storage-missing',
			'stdio-backend-replicas',
			'backend-replicas-lowered',
			'backend-still-running',
			'session-affinity-none-without-redis',
			'password-without-redis',
			'redis-without-password',
			'shared-key-space',
			'autoscaled-and-pinned',
			'stdio-autoscaled',
			'backend-autoscaled-and-pinned',
			'autoscaler-target-invalid',
			'backend-sessions-not-pinned',
			'config-session-storage-ignored',
			'redis-tls-unsupported',
			'image-too-old',
			'run-config-restart-missing',
			'run-config-unreadable',
			'ignore-unknown-id',
		]);
	});
	it('all stay silent for a server that asks for nothing', () => {
		for (const kind of ['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy'] as const) {
			expect(serverFindings({ server: server({}, kind), clusterContext: {} })).to.deep.equal([]);
		}
	});
	it('all stay silent for a server that asks for everything as it should be', () => {
		const spec = { replicas: 3, backendReplicas: 1, sessionStorage: { ...redis, keyPrefix: 'a:', passwordRef } };
		expect(
			serverFindings({ server: server(spec), before: server(spec), clusterContext: { sharesKeySpaceWith: [] } }),
		).to.deep.equal([]);
	});
});

describe('default settings (SPEC.md 9)', () => {
	it('are those of the contract', () => {
		expect(DEFAULT_SETTINGS).to.deep.equal({
			gracePeriodSeconds: 45,
			preStopSeconds: 5,
			passwordEnv: 'deployment',
			runConfigLayout: 'both',
			operatorUsernames: ['system:serviceaccount:toolhive-system:toolhive-operator'],
		});
	});
});
