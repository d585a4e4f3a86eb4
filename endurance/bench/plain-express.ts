/** The same answer the usual way: Express with its JSON parser, a deep copy that is changed, and a comparison of the two. */
import express, { type Express } from 'express';
import jsonPatch from 'fast-json-patch';
import { SERVER } from './payloads.ts';

interface Deployment {
	readonly metadata: {
		readonly ownerReferences?: readonly { kind: string; name: string }[];
		annotations?: Record<string, string>;
	};
	readonly spec: {
		replicas: number;
		readonly template: {
			readonly spec: { terminationGracePeriodSeconds: number; readonly containers: { name: string; env?: object[] }[] };
		};
	};
}

const SERVERS = new Map([[SERVER.name, SERVER]]);

export function plainExpress(): Express {
	const app = express();
	app.use(express.json({ limit: '8mb' }));
	app.post('/mutate', (request, response) => {
		const { uid, object } = request.body.request;
		const wanted = structuredClone(object);
		scale(wanted);
		const patch = Buffer.from(JSON.stringify(jsonPatch.compare(object, wanted))).toString('base64');
		response.json({
			apiVersion: 'admission.k8s.io/v1',
			kind: 'AdmissionReview',
			response: { uid, allowed: true, patchType: 'JSONPatch', patch },
		});
	});
	return app;
}

function scale({ metadata, spec }: Deployment): void {
	const owner = metadata.ownerReferences?.find(({ kind }) => kind === SERVER.kind);
	const server = SERVERS.get(owner?.name ?? '');
	if (server === undefined) return;
	const { replicas = 1, sessionStorage } = server.spec;
	metadata.annotations = { ...metadata.annotations, 'toolhive-scaling/applied-replicas': String(replicas) };
	spec.replicas = replicas;
	spec.template.spec.terminationGracePeriodSeconds = 60;
	for (const container of spec.template.spec.containers) {
		if (container.name !== 'toolhive') continue;
		const valueFrom = { secretKeyRef: sessionStorage?.passwordRef };
		container.env = [...(container.env ?? []), { name: 'THV_SESSION_REDIS_PASSWORD', valueFrom }];
	}
}
