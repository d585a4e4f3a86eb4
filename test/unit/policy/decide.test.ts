/** What a server should have besides its replica count. */
import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { ServerSpec, SessionStorage } from '../../../src/api/types.ts';
import { decide } from '../../../src/policy/decide.ts';
import type { Condition } from '../../../src/policy/finding.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { memory, passwordRef, redis, server } from '../../harness/servers.ts';

const full = { provider: 'redis', address: 'redis.default.svc:6379', db: 2, keyPrefix: 'thv:' } as const;
const { provider: _, ...fullFields } = full;
const bare = { provider: 'redis', address: 'r:1' } as const;
const longAddress = 'a'.repeat(5000);

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
		[
			'5,000 characters › whole',
			{ sessionStorage: { ...bare, address: longAddress } },
			{ redis: { address: longAddress } },
		],
		['tls › no Redis: plaintext was not requested', { sessionStorage: { ...full, tls: true } }, {}],
		['VirtualMCPServer › the same', { sessionStorage: full }, { redis: fullFields }, 'VirtualMCPServer'],
		['MCPRemoteProxy › the same', { sessionStorage: full }, { redis: fullFields }, 'MCPRemoteProxy'],
	] as readonly [string, Partial<ServerSpec>, object, Kind?][]) {
		it(title, () => expect(decide(server(spec, kind)).runConfig).to.deep.equal(expected));
	}
});

describe('decide › password variable', () => {
	const valueFrom = { secretKeyRef: { name: 'redis-auth', key: 'password-key' } };
	for (const [title, sessionStorage, expected] of [
		[
			'redis with passwordRef › a reference',
			{ ...redis, passwordRef },
			{ name: 'THV_SESSION_REDIS_PASSWORD', valueFrom },
		],
		['redis without passwordRef › none', redis, undefined],
		['memory with passwordRef › none', { ...memory, passwordRef }, undefined],
		['sessionStorage unset › none', undefined, undefined],
	] as readonly [string, SessionStorage | undefined, object | undefined][]) {
		it(title, () => {
			expect(decide(server(sessionStorage && { sessionStorage })).passwordEnv).to.deep.equal(expected);
		});
	}
});

const CAPPED: Condition = {
	type: 'StdioReplicaCapped',
	status: 'True',
	reason: 'StdioTransportCapAt1',
	message: 'stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas',
};
const NOT_CAPPED: Condition = {
	type: 'StdioReplicaCapped',
	status: 'False',
	reason: 'StdioReplicaCapNotActive',
	message: 'stdio replica cap is not active',
	isOnlyIfPresent: true,
};
const MISSING: Condition = {
	type: 'SessionStorageWarning',
	status: 'True',
	reason: 'SessionStorageMissingForReplicas',
	message: 'replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas',
};
const CONFIGURED: Condition = {
	type: 'SessionStorageWarning',
	status: 'False',
	reason: 'SessionStorageConfigured',
	message: 'Redis session storage is configured',
};
const NOT_APPLICABLE: Condition = {
	type: 'SessionStorageWarning',
	status: 'False',
	reason: 'SessionStorageWarningNotApplicable',
	message: 'session storage warning is not active',
	isOnlyIfPresent: true,
};

describe('decide › conditions', () => {
	for (const [title, spec, capped, storage] of [
		['TestSpecDrivenStdioCapAt1: stdio, 3', { stdio: true, replicas: 3 }, CAPPED, MISSING],
		['stdio, 2, redis', { stdio: true, replicas: 2, sessionStorage: redis }, CAPPED, CONFIGURED],
		['stdio, 1', { stdio: true, replicas: 1 }, NOT_CAPPED, NOT_APPLICABLE],
		['stdio, 0', { stdio: true, replicas: 0 }, NOT_CAPPED, NOT_APPLICABLE],
		['stdio, unset', { stdio: true }, NOT_CAPPED, NOT_APPLICABLE],
		['TestSessionStorageWarningConditionSet: HTTP, 2', { replicas: 2 }, NOT_CAPPED, MISSING],
		['HTTP, 2, memory', { replicas: 2, sessionStorage: memory }, NOT_CAPPED, MISSING],
		[
			'TestSessionStorageWarningConditionCleared: HTTP, 2, redis',
			{ replicas: 2, sessionStorage: redis },
			NOT_CAPPED,
			CONFIGURED,
		],
		['HTTP, 1, redis', { replicas: 1, sessionStorage: redis }, NOT_CAPPED, NOT_APPLICABLE],
		['HTTP, 5 backends', { backendReplicas: 5 }, NOT_CAPPED, NOT_APPLICABLE],
	] as const) {
		it(`${title} › ${capped.reason}, ${storage.reason}`, () => {
			expect(decide(server(spec)).conditions).to.deep.equal([capped, storage]);
		});
	}
	for (const kind of ['VirtualMCPServer', 'MCPRemoteProxy'] as const) {
		it(`${kind}, 2 › only ${MISSING.reason}`, () => {
			expect(decide(server({ replicas: 2 }, kind)).conditions).to.deep.equal([MISSING]);
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
