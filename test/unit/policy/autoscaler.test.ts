import { hpa, hpaOf } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

describeWarning('autoscaled-and-pinned', 'spec.replicas', {
	speaks: [
		{ it: 'replicas set and an HPA', spec: { replicas: 3 }, around: hpa, says: 'search-hpa' },
		{ it: 'replicas 0 is set too', spec: { replicas: 0 }, around: hpa },
		{
			it: 'a KEDA ScaledObject',
			spec: { replicas: 3 },
			around: hpaOf({ kind: 'ScaledObject' }),
			says: 'ScaledObject search-hpa',
		},
		{
			it: 'an HPA with a name of 253 characters',
			spec: { replicas: 3 },
			around: hpaOf({ name: 'h'.repeat(253) }),
		},
	],
	silent: [
		{ it: 'replicas unset', spec: {}, around: hpa },
		{ it: 'no HPA', spec: { replicas: 3 } },
		{ it: 'an HPA of the StatefulSet', spec: { replicas: 3 }, around: hpaOf({ targetKind: 'StatefulSet' }) },
	],
});

describeWarning('stdio-autoscaled', 'spec.transport', {
	speaks: [
		{ it: 'stdio and an HPA', spec: { stdio: true }, around: hpa, says: 'search-hpa' },
		{ it: 'also when replicas is set', spec: { stdio: true, replicas: 1 }, around: hpa },
	],
	silent: [
		{ it: 'HTTP and an HPA', spec: {}, around: hpa },
		{ it: 'no HPA', spec: { stdio: true } },
	],
});

const ofBackend = hpaOf({ targetKind: 'StatefulSet' });
describeWarning('backend-autoscaled-and-pinned', 'spec.backendReplicas', {
	speaks: [
		{ it: 'backendReplicas and an HPA of the StatefulSet', spec: { backendReplicas: 2 }, around: ofBackend },
		{ it: 'backendReplicas 0 is set too', spec: { backendReplicas: 0 }, around: ofBackend, says: 'search-hpa' },
		{
			it: 'a ScaledObject with a name of 253 characters',
			spec: { backendReplicas: 2 },
			around: hpaOf({ kind: 'ScaledObject', targetKind: 'StatefulSet', name: 's'.repeat(253) }),
			says: 'ScaledObject s',
		},
	],
	silent: [
		{ it: 'backendReplicas unset', spec: {}, around: ofBackend },
		{ it: 'an HPA of the Deployment', spec: { backendReplicas: 2 }, around: hpa },
		{ it: 'no HPA', spec: { backendReplicas: 2 } },
	],
});

describeWarning('autoscaler-target-invalid', 'metadata.name', {
	speaks: [
		{ it: 'an HPA of the MCPServer', spec: {}, around: hpaOf({ targetKind: 'MCPServer' }), says: 'search-hpa' },
		{
			it: 'an HPA of the VirtualMCPServer',
			kind: 'VirtualMCPServer',
			spec: {},
			around: hpaOf({ targetKind: 'VirtualMCPServer' }),
		},
		{
			it: 'a ScaledObject of the MCPRemoteProxy',
			kind: 'MCPRemoteProxy',
			spec: {},
			around: hpaOf({ kind: 'ScaledObject', targetKind: 'MCPRemoteProxy', name: 's'.repeat(253) }),
			says: 'ScaledObject s',
		},
	],
	silent: [
		{ it: 'an HPA of the Deployment', spec: {}, around: hpa },
		{ it: 'an HPA of a server of another kind', spec: {}, around: hpaOf({ targetKind: 'VirtualMCPServer' }) },
		{ it: 'no HPA', spec: {} },
	],
});
