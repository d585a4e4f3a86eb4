import { expect } from 'chai';
import { cap } from '../../../src/policy/stdio-cap.ts';
import { server } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

const TABLE = [
	{ it: 'stdio 3 becomes 1 (TestReplicaBehavior)', stdio: true, asked: 3, gets: 1 },
	{ it: 'stdio 1 stays 1 (TestReplicaBehavior)', stdio: true, asked: 1, gets: 1 },
	{ it: 'stdio 0 stays 0 (TestReplicaBehavior)', stdio: true, asked: 0, gets: 0 },
	{ it: 'stdio with the largest int32 becomes 1', stdio: true, asked: 2147483647, gets: 1 },
	{ it: 'sse 3 stays 3 (TestReplicaBehavior)', stdio: false, asked: 3, gets: 3 },
	{ it: 'streamable-http 5 stays 5 (TestReplicaBehavior)', stdio: false, asked: 5, gets: 5 },
	{ it: 'sse 0 stays 0 (TestReplicaBehavior)', stdio: false, asked: 0, gets: 0 },
];

describe('stdio cap', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			expect(cap(server({ stdio: row.stdio }), row.asked)).to.equal(row.gets);
		});
	}
});

describeWarning('stdio-replicas-capped', 'spec.replicas', {
	speaks: [
		{ it: 'stdio with 2', spec: { stdio: true, replicas: 2 }, says: 'not 2' },
		{ it: 'stdio with the largest int32', spec: { stdio: true, replicas: 2147483647 } },
	],
	silent: [
		{ it: 'stdio with 1', spec: { stdio: true, replicas: 1 } },
		{ it: 'stdio with 0', spec: { stdio: true, replicas: 0 } },
		{ it: 'stdio with replicas unset', spec: { stdio: true } },
		{ it: 'HTTP with 3', spec: { replicas: 3 } },
	],
});

describeWarning('stdio-backend-replicas', 'spec.backendReplicas', {
	speaks: [{ it: 'stdio with 2 backends', spec: { stdio: true, backendReplicas: 2 } }],
	silent: [
		{ it: 'stdio with 1 backend', spec: { stdio: true, backendReplicas: 1 } },
		{ it: 'stdio with 0 backends', spec: { stdio: true, backendReplicas: 0 } },
		{ it: 'stdio with backends unset', spec: { stdio: true, replicas: 3 } },
		{ it: 'HTTP with 2 backends', spec: { backendReplicas: 2 } },
	],
});
