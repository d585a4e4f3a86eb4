/** Tests the conditions of a server. The golden cases show the other decisions. */
import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { ServerSpec } from '../../../src/api/types.ts';
import { decide } from '../../../src/policy/decide.ts';
import { memory, redis, server } from '../../harness/servers.ts';

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

describe('decide › conditions', () => {
	for (const [title, spec, cap, session, kind = 'MCPServer'] of [
		['TestSpecDrivenStdioCapAt1: stdio, 3', { stdio: true, replicas: 3 }, 'yes', 'missing'],
		['stdio, 1', { stdio: true, replicas: 1 }, 'no', 'none'],
		['TestSessionStorageWarningConditionSet: HTTP, 2', { replicas: 2 }, 'no', 'missing'],
		['HTTP, 2, memory', { replicas: 2, sessionStorage: memory }, 'no', 'missing'],
		['TestSessionStorageWarningConditionCleared: 2, redis', { replicas: 2, sessionStorage: redis }, 'no', 'redis'],
		['HTTP, 1, redis', { replicas: 1, sessionStorage: redis }, 'no', 'none'],
		['VirtualMCPServer, 2', { replicas: 2 }, undefined, 'missing', 'VirtualMCPServer'],
	] as readonly [string, Partial<ServerSpec>, 'yes' | 'no' | undefined, keyof typeof storage, Kind?][]) {
		it(`${title} › capped: ${cap}, session storage: ${session}`, () => {
			const actual = decide(server(spec, kind)).conditions.map(
				({ type, status, reason, message, isOnlyIfPresent = false }) => [
					type,
					[status, reason, message, isOnlyIfPresent],
				],
			);
			const expected = { ...(cap && { StdioReplicaCapped: capped[cap] }), SessionStorageWarning: storage[session] };
			expect(actual).to.deep.equal(Object.entries(expected));
		});
	}
});
