import { image, redis } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

describeWarning('backend-replicas-lowered', 'spec.backendReplicas', {
	speaks: [
		{ it: '3 to 2', before: { backendReplicas: 3 }, spec: { backendReplicas: 2 }, says: '3 to 2' },
		{ it: '1 to 0', before: { backendReplicas: 1 }, spec: { backendReplicas: 0 }, says: '1 to 0' },
	],
	silent: [
		{ it: 'CREATE', spec: { backendReplicas: 1 } },
		{ it: '2 to 3', before: { backendReplicas: 2 }, spec: { backendReplicas: 3 } },
		{ it: '2 to 2', before: { backendReplicas: 2 }, spec: { backendReplicas: 2 } },
		{ it: '2 to unset: the count stays with whoever scales', before: { backendReplicas: 2 }, spec: {} },
		{ it: 'unset to 1', before: {}, spec: { backendReplicas: 1 } },
	],
});

describeWarning('backend-still-running', 'spec.backendReplicas', {
	speaks: [
		{ it: 'replicas 0, backendReplicas unset', spec: { replicas: 0 } },
		{ it: 'replicas 0, backendReplicas 1', spec: { replicas: 0, backendReplicas: 1 } },
		{ it: 'stdio too', spec: { stdio: true, replicas: 0 } },
	],
	silent: [
		{ it: 'both 0', spec: { replicas: 0, backendReplicas: 0 } },
		{ it: 'replicas 1', spec: { replicas: 1 } },
		{ it: 'replicas unset', spec: {} },
		{ it: 'a VirtualMCPServer has no backend', kind: 'VirtualMCPServer', spec: { replicas: 0 } },
		{ it: 'an MCPRemoteProxy has no backend', kind: 'MCPRemoteProxy', spec: { replicas: 0 } },
	],
});

describeWarning('backend-sessions-not-pinned', 'spec.backendReplicas', {
	speaks: [
		{
			it: 'two backends with redis',
			spec: { backendReplicas: 2, sessionStorage: redis },
			says: 'reaches another backend',
		},
		{ it: 'two backends without redis', spec: { backendReplicas: 2 } },
		{ it: 'two backends behind one proxy', spec: { replicas: 1, backendReplicas: 2 } },
		{ it: 'the newest runner', spec: { backendReplicas: 2 }, around: image(':v0.63.0') },
	],
	silent: [
		{ it: 'one backend', spec: { replicas: 3, backendReplicas: 1 } },
		{ it: 'no backend', spec: { backendReplicas: 0 } },
		{ it: 'unset', spec: { replicas: 3 } },
		{ it: 'stdio: the proxy attaches to one backend', spec: { stdio: true, backendReplicas: 2 } },
	],
});
