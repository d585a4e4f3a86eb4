import { describe } from 'mocha';
import type { Autoscaler, Server } from '../../../src/api/types.ts';
import { autoscalers } from '../../../src/doctor/autoscalers.ts';
import { reports, server } from './results.ts';

const hpa = (more: Partial<Autoscaler> = {}): Autoscaler => ({
	...{ kind: 'HorizontalPodAutoscaler' as const, targetKind: 'Deployment' as const },
	...{ namespace: 'demo', name: 'web-hpa', target: 'web' },
	...more,
});
const of =
	(servers: Server, ...found: Autoscaler[]) =>
	() =>
		autoscalers([servers], found);
const PINNED = server('web', { replicas: 2 });

const none = (count: number): string =>
	`ok: no HorizontalPodAutoscaler conflicts with the replicas of a server (${count} checked)`;
const remove = (name: string): string =>
	`warn: MCPServer demo/web spec.replicas: conflicts with HorizontalPodAutoscaler ${name}; remove spec.replicas (autoscaled-and-pinned) → kubectl patch mcpserver web -n demo --type=merge -p '{"spec":{"replicas":null}}'`;
const STDIO =
	'warn: MCPServer demo/web spec.transport: stdio stays at 1 replica; delete HorizontalPodAutoscaler web-hpa (stdio-autoscaled) → kubectl delete hpa web-hpa -n demo';
const REDIS =
	'warn: MCPServer demo/web spec.sessionStorage: needs redis, since HorizontalPodAutoscaler web-hpa may run 2 replicas (session-storage-missing) → kubectl edit mcpserver web -n demo, and add sessionStorage with provider redis';
const BACKEND =
	'warn: MCPServer demo/web spec.backendReplicas: conflicts with HorizontalPodAutoscaler web-hpa (backend-autoscaled-and-pinned) → kubectl delete hpa web-hpa -n demo';
const TARGET = `warn: MCPServer demo/web metadata.name: HorizontalPodAutoscaler web-hpa must target the Deployment (autoscaler-target-invalid) → kubectl patch hpa web-hpa -n demo --type=merge -p '{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}}'`;

describe('doctor › autoscalers', () => {
	reports('one of a server without replicas', of(server('web'), hpa()), [none(1)]);
	reports('one in another namespace', of(PINNED, hpa({ namespace: 'other' })), [none(1)]);
	reports('one of a stdio server with replicas', of(server('web', { stdio: true, replicas: 1 }), hpa()), [
		remove('web-hpa'),
		STDIO,
	]);
	reports('one with up to 2 replicas of a server without Redis', of(server('web'), hpa({ maxReplicas: 2 })), [REDIS]);
	reports(
		'one of a StatefulSet with backendReplicas',
		of(server('web', { backendReplicas: 2 }), hpa({ targetKind: 'StatefulSet' })),
		[BACKEND],
	);
	reports('one of the server itself', of(server('web'), hpa({ targetKind: 'MCPServer' })), [TARGET]);
	reports('two of one server', of(PINNED, hpa(), hpa({ name: 'second' })), [remove('web-hpa'), remove('second')]);
});
