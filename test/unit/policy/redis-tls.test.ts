import { memory, redis } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

const tls = { ...redis, tls: true } as const;
const runConfig = (redisTls: boolean) => ({ runConfig: { redisTls } });

describeWarning('redis-tls-unsupported', 'spec.sessionStorage.tls', {
	speaks: [
		{ it: 'the operator wrote no TLS section', spec: { sessionStorage: tls }, around: runConfig(false) },
		{
			it: 'a VirtualMCPServer',
			kind: 'VirtualMCPServer',
			spec: { sessionStorage: tls },
			around: runConfig(false),
		},
	],
	silent: [
		{ it: 'the operator carries it', spec: { sessionStorage: tls }, around: runConfig(true) },
		{ it: 'the operator wrote nothing yet, so nobody knows', spec: { sessionStorage: tls } },
		{ it: 'no tls asked for', spec: { sessionStorage: redis }, around: runConfig(false) },
		{ it: 'memory', spec: { sessionStorage: { ...memory, tls: true } }, around: runConfig(false) },
		{ it: 'sessionStorage unset', spec: {}, around: runConfig(false) },
	],
});
