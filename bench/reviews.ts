/** AdmissionReviews as the API server sends them for the create of a proxy Deployment of a server that exists. */
import type { ServerObject } from '../test/old-operator/objects.ts';
import type { Job } from './asker.ts';
import { DEPLOYMENT, reviewOf } from './payloads.ts';
import { proxyOf } from './population.ts';

type Requests = Job['requests'];
type Deployment = ReturnType<typeof proxyOf>;

/** A hundred at most, evenly spread over `servers`, so that nobody's answer is at hand from the one before. */
export function reviewsOf(servers: readonly ServerObject[]): Requests {
	const step = Math.max(1, Math.floor(servers.length / 100));
	return servers.filter((_, at) => at % step === 0).map((server) => requestOf(proxyOf(server)));
}

/** The first whose body has so many bytes or more: larger by variables that a user set, as real objects are. */
export function reviewsOfSize(server: ServerObject, bytes: number): Requests {
	const size = (env: number): number => requestOf(proxyOf(server, env)).body.length;
	const perEntry = (size(1_000) - size(0)) / 1_000;
	return [requestOf(proxyOf(server, Math.max(0, Math.ceil((bytes - size(0)) / perEntry))))];
}

/** Nobody's, so nothing is looked up. */
export function unownedReview(server: ServerObject): Requests[number] {
	const deployment = proxyOf(server);
	return requestOf({ ...deployment, metadata: { ...deployment.metadata, ownerReferences: [] } });
}

const requestOf = (object: Deployment): Requests[number] => ({
	path: '/mutate?timeout=3s',
	body: JSON.stringify(reviewOf({ ...DEPLOYMENT, object: { ...object } })),
});
