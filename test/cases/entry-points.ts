/** Two ways to run a case: through the handlers, and through the webhook server on a real socket. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { mutate } from '../../src/admission/mutate.ts';
import type { AdmissionDecision } from '../../src/admission/response.ts';
import type { Request } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import type { Json, Operation } from '../../src/api/types.ts';
import { createWebhook } from '../../src/http/webhook.ts';
import type { Handlers } from '../../src/offline/admit.ts';
import { clusterOf } from '../harness/memory-cluster.ts';
import type { Case } from './read-case.ts';

const NO_METRICS = {
	observeReview: () => undefined,
	countRefused: () => undefined,
	countWarning: () => undefined,
	countDenial: () => undefined,
};

/** Returns handlers whose cluster consists of the manifests of the case. */
export function handlersFor({ documents, settings }: Case): Handlers {
	const cluster = clusterOf(documents.filter((document) => document['kind'] !== 'AdmissionReview'));
	const { signal } = new AbortController();
	return {
		mutate: (request) => mutate(request, cluster, settings, signal),
		validate: (request) => validate(request, cluster),
	};
}

/** Starts a webhook server, calls `use` with handlers that send requests to it, and closes the server. */
export async function throughHttp<T>(one: Case, use: (handlers: Handlers) => Promise<T>): Promise<T> {
	const { app } = createWebhook({
		...handlersFor(one),
		validate: handlersFor(one).validate as (request: Request) => AdmissionDecision,
		maxInFlight: 10,
		log: pino({ level: 'silent' }),
		metrics: NO_METRICS,
	});
	const server = createServer(app);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const ask = async (path: string, request: Request): Promise<AdmissionDecision> => {
		const response = await fetch(`http://127.0.0.1:${port}${path}?timeout=5s`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(envelopeOf(request)),
		});
		const text = await response.text();
		if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`);
		return answerIn((JSON.parse(text) as { response: Response }).response, request.uid);
	};
	try {
		return await use({
			mutate: (request) => ask('/mutate', request),
			validate: (request) => ask('/validate', request),
		});
	} finally {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
}

function envelopeOf({ uid, resource: path, kind, username, ...rest }: Request): Json {
	const [group = '', resource = '', subResource] = path.split('/');
	const request = {
		uid,
		kind: { group, kind },
		resource: { group, resource },
		...(subResource !== undefined && { subResource }),
		userInfo: { username },
		...rest,
	};
	return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

interface Response {
	readonly uid: string;
	readonly allowed: boolean;
	readonly patch?: string;
	readonly patchType?: string;
	readonly status?: { readonly message: string };
	readonly warnings?: readonly string[];
}

/** Parses the fields of an AdmissionReview response. */
function answerIn(
	{ uid, allowed, patch, patchType, status, warnings = [] }: Response,
	requested: string,
): AdmissionDecision {
	if (uid !== requested) throw new Error(`answered uid ${uid} to ${requested}`);
	if (patch !== undefined && patchType !== 'JSONPatch') throw new Error(`patchType is ${patchType}`);
	const findings = warnings.map((warning) => {
		const [, field = '', message = '', id = ''] = /^(\S+): (.*) \(([a-z-]+)\)$/.exec(warning) ?? [];
		return { id, field, message };
	});
	if (!allowed) return { allowed, violations: violationsIn(status?.message ?? ''), findings };
	const operations = patch === undefined ? [] : (JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]);
	return { allowed, patch: operations, findings };
}

const violationsIn = (message: string) =>
	message.split('; ').map((one) => {
		const [field = '', ...rest] = one.split(': ');
		return { id: '', field, message: rest.join(': '), parts: [] };
	});
