/** The two doors of a case: the handlers themselves, and the webhook server on a real socket. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Cluster } from '../../src/admission/cluster.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { parseReview, type Request, reviewOf } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { createWebhook } from '../../src/http/app.ts';
import type { Json } from '../../src/toolhive/types.ts';
import { clusterOf } from '../admission/cluster.ts';
import type { Door } from './play-case.ts';
import type { Case } from './read-case.ts';

/** The manifests of a case are its cluster too. */
const clusterIn = ({ documents }: Case): Cluster =>
	clusterOf(documents.filter((document) => document['kind'] !== 'AdmissionReview'));

export function handlerDoor(one: Case): Door {
	const cluster = clusterIn(one);
	const { signal } = new AbortController();
	return async (path, review) => {
		const request = checked(JSON.stringify(review));
		const answer =
			path === '/mutate' ? await mutate(request, cluster, one.settings, signal) : validate(request, cluster);
		return reviewOf(request.uid, answer);
	};
}

/** Calls `use` with a door to a server that is closed afterwards. */
export async function throughHttp<T>(one: Case, use: (door: Door) => Promise<T>): Promise<T> {
	const cluster = clusterIn(one);
	const { app } = createWebhook({
		mutate: (request, signal) => mutate(request, cluster, one.settings, signal),
		validate: (request) => validate(request, cluster),
		maxInFlight: 10,
		log: pino({ level: 'silent' }),
		metrics: { observeReview: () => undefined, countRefused: () => undefined, countWarnings: () => undefined },
	});
	const server = createServer(app);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	try {
		return await use(async (path, review) => {
			const response = await fetch(`http://127.0.0.1:${port}${path}?timeout=5s`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(review),
			});
			const text = await response.text();
			if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`);
			return JSON.parse(text) as Json;
		});
	} finally {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
}

function checked(body: string): Request {
	const parsed = parseReview(body);
	if ('error' in parsed) throw new Error(parsed.error);
	return parsed;
}
