import { expect } from 'chai';
import { sessionStorageWarning } from '../../../src/policy/session-storage.ts';
import { stdioReplicaCapped } from '../../../src/policy/stdio-cap.ts';
import { memory, redis, server } from '../../harness/servers.ts';

const CAPPED = {
	type: 'StdioReplicaCapped',
	status: 'True',
	reason: 'StdioTransportCapAt1',
	message: 'stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas',
} as const;
const NOT_CAPPED = {
	type: 'StdioReplicaCapped',
	status: 'False',
	reason: 'StdioReplicaCapNotActive',
	message: 'stdio replica cap is not active',
	isOnlyIfPresent: true,
} as const;
const MISSING = {
	type: 'SessionStorageWarning',
	status: 'True',
	reason: 'SessionStorageMissingForReplicas',
	message: 'replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas',
} as const;
const CONFIGURED = {
	type: 'SessionStorageWarning',
	status: 'False',
	reason: 'SessionStorageConfigured',
	message: 'Redis session storage is configured',
} as const;
const NOT_APPLICABLE = {
	type: 'SessionStorageWarning',
	status: 'False',
	reason: 'SessionStorageWarningNotApplicable',
	message: 'session storage warning is not active',
	isOnlyIfPresent: true,
} as const;

const TABLE = [
	{
		it: 'TestSpecDrivenStdioCapAt1: stdio with 3',
		spec: { stdio: true, replicas: 3 },
		capped: CAPPED,
		storage: MISSING,
	},
	{
		it: 'stdio with 2 and redis',
		spec: { stdio: true, replicas: 2, sessionStorage: redis },
		capped: CAPPED,
		storage: CONFIGURED,
	},
	{ it: 'stdio with 1', spec: { stdio: true, replicas: 1 }, capped: NOT_CAPPED, storage: NOT_APPLICABLE },
	{ it: 'stdio with 0', spec: { stdio: true, replicas: 0 }, capped: NOT_CAPPED, storage: NOT_APPLICABLE },
	{ it: 'stdio, unset', spec: { stdio: true }, capped: NOT_CAPPED, storage: NOT_APPLICABLE },
	{
		it: 'TestSessionStorageWarningConditionSet: HTTP with 2',
		spec: { replicas: 2 },
		capped: NOT_CAPPED,
		storage: MISSING,
	},
	{ it: 'HTTP with 2 and memory', spec: { replicas: 2, sessionStorage: memory }, capped: NOT_CAPPED, storage: MISSING },
	{
		it: 'TestSessionStorageWarningConditionCleared: HTTP with 2 and redis',
		spec: { replicas: 2, sessionStorage: redis },
		capped: NOT_CAPPED,
		storage: CONFIGURED,
	},
	{
		it: 'HTTP with 1 and redis',
		spec: { replicas: 1, sessionStorage: redis },
		capped: NOT_CAPPED,
		storage: NOT_APPLICABLE,
	},
	{ it: 'HTTP, backends alone', spec: { backendReplicas: 5 }, capped: NOT_CAPPED, storage: NOT_APPLICABLE },
];

describe('conditions a server should have', () => {
	for (const { it: title, spec, capped, storage } of TABLE) {
		it(title, () => {
			expect(stdioReplicaCapped(server(spec))).to.deep.equal(capped);
			expect(sessionStorageWarning(server(spec))).to.deep.equal(storage);
		});
	}

	for (const kind of ['VirtualMCPServer', 'MCPRemoteProxy'] as const) {
		it(`${kind}: the same warning, and no cap to speak of`, () => {
			expect(sessionStorageWarning(server({ replicas: 2 }, kind))).to.deep.equal(MISSING);
			expect(stdioReplicaCapped(server({ replicas: 2 }, kind))).to.equal(undefined);
		});
	}
});
