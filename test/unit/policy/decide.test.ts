/** Tests the settings of a server other than its replica count. */
import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { ServerSpec } from '../../../src/api/types.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { memory, passwordRef, redis, scenario, server } from '../../harness/servers.ts';

const full = { provider: 'redis', address: 'redis.default.svc:6379', db: 2, keyPrefix: 'thv:' } as const;
const { provider: _, ...fullFields } = full;
const bare = { provider: 'redis', address: 'r:1' } as const;

describe('decide › RunConfig', () => {
	for (const [title, spec, expected, kind] of [
		['backendReplicas unset › absent', { replicas: 3 }, {}],
		['backendReplicas 3 › 3', { backendReplicas: 3 }, { backendReplicas: 3 }],
		['backendReplicas 0 › 0', { backendReplicas: 0 }, { backendReplicas: 0 }],
		['memory › no Redis', { sessionStorage: { ...full, ...memory } }, {}],
		['redis › address, db and prefix', { sessionStorage: full }, { redis: fullFields }],
		['redis with passwordRef › no password', { sessionStorage: { ...full, passwordRef } }, { redis: fullFields }],
		['empty address › empty', { sessionStorage: { ...bare, address: '' } }, { redis: { address: '' } }],
		['db 0 › 0', { sessionStorage: { ...bare, db: 0 } }, { redis: { address: 'r:1', db: 0 } }],
		['db unset › absent', { sessionStorage: bare }, { redis: { address: 'r:1' } }],
		['tls › no Redis: plaintext was not requested', { sessionStorage: { ...full, tls: true } }, {}],
		['VirtualMCPServer › the same', { sessionStorage: full }, { redis: fullFields }, 'VirtualMCPServer'],
		['MCPRemoteProxy › the same', { sessionStorage: full }, { redis: fullFields }, 'MCPRemoteProxy'],
	] as readonly [string, Partial<ServerSpec>, object, Kind?][]) {
		it(title, () => expect(decide(server(spec, kind)).runConfig).to.deep.equal(expected));
	}
});

describe('decide › password variable', () => {
	it('redis with passwordRef › a reference to the Secret; other settings › no variable', () => {
		const secretKeyRef = { name: 'redis-auth', key: 'password-key' };
		const scenarios = ['redis with password', 'redis', 'memory with password', 'HTTP'];
		expect(scenarios.map((words) => decide(scenario(words).server).passwordEnv)).to.deep.equal([
			{ name: 'THV_SESSION_REDIS_PASSWORD', valueFrom: { secretKeyRef } },
			...[undefined, undefined, undefined],
		]);
	});
});

const CAPPED_MESSAGE = 'stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas';
const MISSING_MESSAGE =
	'replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas';
/** A row has the status, reason and message of a condition, and whether the condition only replaces an existing one. */
const capped = {
	yes: ['True', 'StdioTransportCapAt1', CAPPED_MESSAGE, false],
	no: ['False', 'StdioReplicaCapNotActive', 'stdio replica cap is not active', true],
} as const;
const storage = {
	missing: ['True', 'SessionStorageMissingForReplicas', MISSING_MESSAGE, false],
	redis: ['False', 'SessionStorageConfigured', 'Redis session storage is configured', false],
	none: ['False', 'SessionStorageWarningNotApplicable', 'session storage warning is not active', true],
} as const;
const conditionsOf = (spec: Partial<ServerSpec>, kind?: Kind) =>
	decide(server(spec, kind)).conditions.map(({ type, status, reason, message, isOnlyIfPresent = false }) => [
		type,
		[status, reason, message, isOnlyIfPresent],
	]);

describe('decide › conditions', () => {
	for (const [title, spec, cap, session] of [
		['TestSpecDrivenStdioCapAt1: stdio, 3', { stdio: true, replicas: 3 }, 'yes', 'missing'],
		['stdio, 2, redis', { stdio: true, replicas: 2, sessionStorage: redis }, 'yes', 'redis'],
		['stdio, 1', { stdio: true, replicas: 1 }, 'no', 'none'],
		['stdio, unset', { stdio: true }, 'no', 'none'],
		['TestSessionStorageWarningConditionSet: HTTP, 2', { replicas: 2 }, 'no', 'missing'],
		['HTTP, 2, memory', { replicas: 2, sessionStorage: memory }, 'no', 'missing'],
		['TestSessionStorageWarningConditionCleared: 2, redis', { replicas: 2, sessionStorage: redis }, 'no', 'redis'],
		['HTTP, 1, redis', { replicas: 1, sessionStorage: redis }, 'no', 'none'],
	] as const) {
		it(`${title} › capped: ${cap}, session storage: ${session}`, () => {
			const expected = { StdioReplicaCapped: capped[cap], SessionStorageWarning: storage[session] };
			expect(conditionsOf(spec)).to.deep.equal(Object.entries(expected));
		});
	}
	for (const kind of ['VirtualMCPServer', 'MCPRemoteProxy'] as const) {
		it(`${kind}, 2 › only SessionStorageWarning`, () => {
			expect(conditionsOf({ replicas: 2 }, kind)).to.deep.equal([['SessionStorageWarning', storage.missing]]);
		});
	}
});

describe('settings (SPEC.md 9)', () => {
	it('defaults › as specified', () => {
		expect(DEFAULT_SETTINGS).to.deep.equal({
			gracePeriodSeconds: 45,
			preStopSeconds: 5,
			passwordEnv: 'deployment',
			runConfigLayout: 'both',
			operatorUsernames: ['system:serviceaccount:toolhive-system:toolhive-operator'],
		});
	});
});
