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

const none = (count: number): string => `ok: no HorizontalPodAutoscaler conflicts … (${count} checked)`;
const remove = (name: string): string =>
	`warn: … ${name}; remove spec.replicas … → kubectl patch mcpserver web -n demo … '{"spec":{"replicas":null}}'`;
const DELETE = 'kubectl delete hpa web-hpa -n demo';
const TARGET = '"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}';

describe('doctor › autoscalers', () => {
	reports('one of a server without replicas', of(server('web'), hpa()), [none(1)]);
	reports('one in another namespace', of(PINNED, hpa({ namespace: 'other' })), [none(1)]);
	reports('one of a stdio server with replicas', of(server('web', { stdio: true, replicas: 1 }), hpa()), [
		remove('web-hpa'),
		`warn: … spec.transport: … (stdio-autoscaled) → ${DELETE}`,
	]);
	reports('one with up to 2 replicas of a server without Redis', of(server('web'), hpa({ maxReplicas: 2 })), [
		'warn: … (session-storage-missing) → kubectl edit …',
	]);
	reports(
		'one of a StatefulSet with backendReplicas',
		of(server('web', { backendReplicas: 2 }), hpa({ targetKind: 'StatefulSet' })),
		[`warn: … (backend-autoscaled-and-pinned) → ${DELETE}`],
	);
	reports('one of the server itself', of(server('web'), hpa({ targetKind: 'MCPServer' })), [
		`warn: … (autoscaler-target-invalid) → kubectl patch hpa web-hpa … '{"spec":{${TARGET}}}'`,
	]);
	reports('two of one server', of(PINNED, hpa(), hpa({ name: 'second' })), [remove('web-hpa'), remove('second')]);
});
