import { describeWarning } from './warning-rows.ts';

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
