/** Determines what the webhooks would change, deny or warn about in manifests, with the handlers of the webhooks. */
import type { Cluster } from '../admission/cluster.ts';
import { mutate } from '../admission/mutate.ts';
import { denialText } from '../admission/response.ts';
import { validate } from '../admission/validate.ts';
import type { Version } from '../api/images.ts';
import { isObject, type Json, type Operation, type Server } from '../api/types.ts';
import type { Source } from '../manifests/documents.ts';
import { type Manifest, manifestsOf } from '../manifests/manifest.ts';
import { broken, isUnreviewed, mentionsToolhive, type Problem, type Skipped } from '../manifests/problem.ts';
import { textOf } from '../objects/metadata.ts';
import { serverOf } from '../objects/server.ts';
import { decide } from '../policy/decide.ts';
import type { Condition, Finding } from '../policy/finding.ts';
import type { Settings } from '../policy/settings.ts';
import { admit, type Handlers, patchedWith, requestOf } from './admit.ts';
import { createManifestCluster, type ManifestCluster } from './manifest-cluster.ts';
import { notesOnName, notesOnOwner } from './notes.ts';
import { type Preview, previewChanges } from './preview.ts';

export interface ReviewOptions {
	readonly settings: Settings;
	/** The namespace of manifests without one. */
	readonly namespace: string;
	/** The version of ToolHive in the cluster, such as `v0.12.5`, if it is known. */
	readonly toolhive?: Version;
}

/** A warning or a violation, and its line. */
export interface Located extends Pick<Finding, 'id' | 'field' | 'message'> {
	readonly line: number;
}

export interface Reviewed {
	readonly file: string;
	readonly line: number;
	/** CREATE for a manifest. An AdmissionReview has its own operation. */
	readonly operation: string;
	readonly apiVersion: string;
	readonly kind: string;
	readonly namespace: string;
	readonly name: string;
	readonly verdict: 'unchanged' | 'mutated' | 'denied';
	/** The message that kubectl would print for a denial. */
	readonly message?: string;
	readonly patch: readonly Operation[];
	readonly denials: readonly Located[];
	readonly warnings: readonly Located[];
	readonly conditions: readonly Condition[];
	/** The object before and after admission, with every digit of its numbers. A denied object has no `after`. */
	readonly before: Json;
	readonly after?: Json;
	/** False for a subresource such as a Scale, which cannot be applied. */
	readonly isWhole: boolean;
	/** The assumptions that the review made. */
	readonly notes: readonly string[];
	/** The additions to objects that the operator creates for a server. Empty for other objects. */
	readonly previews: readonly Preview[];
}

/** Reads `documents` in two passes, collecting the servers before the review, so that memory holds only the servers. */
export async function* review(
	documents: () => AsyncIterable<Source | Problem | Skipped>,
	options: ReviewOptions,
): AsyncGenerator<Reviewed | Problem | Skipped> {
	const cluster = createManifestCluster(options.namespace, options.toolhive);
	for await (const source of documents()) {
		if (isUnreviewed(source) || !IN_CLUSTER.test(source.text)) continue;
		for (const manifest of manifestsOf(source)) {
			if (!isUnreviewed(manifest)) cluster.add(manifest.object, manifest.file, manifest.line);
		}
	}
	for await (const source of documents()) {
		for (const manifest of isUnreviewed(source) ? [source] : manifestsOf(source)) {
			yield isUnreviewed(manifest) ? manifest : await reviewOne(manifest, cluster, options);
		}
	}
}

/** Every object that a webhook caches contains one of these texts. Other documents are not parsed in the first pass. */
const IN_CLUSTER = /toolhive\.stacklok\.dev|HorizontalPodAutoscaler|ScaledObject/;

async function reviewOne(
	manifest: Manifest,
	cluster: ManifestCluster,
	{ settings, namespace }: ReviewOptions,
): Promise<Reviewed | Problem | Skipped> {
	const { file, line, object, exact } = manifest;
	const request = requestOf(object, namespace, `${file}:${line}`);
	// Only an AdmissionReview can be invalid. Repositories also contain AdmissionReviews for other webhooks.
	if ('error' in request)
		return broken({ file, line, problem: request.error }, mentionsToolhive(JSON.stringify(object)));
	const seen = cluster.from(file);
	const { signal } = new AbortController();
	const handlersOf = (known: Cluster): Handlers => ({
		mutate: (one) => mutate(one, known, settings, signal),
		validate: (one) => validate(one, known),
	});
	const { verdict, violations, findings, patch } = await admit(request, handlersOf(seen));
	const isReview = object['kind'] === 'AdmissionReview';
	const before = isReview ? subjectOf(exact) : exact;
	const located = ({ id, field, message }: Finding): Located => ({
		id,
		field,
		message,
		line: manifest.lineOf(isReview ? `request.object.${field}` : field),
	});
	const server = serverOf(request.object ?? {}, request.namespace);
	const previews =
		server === undefined || verdict === 'denied'
			? []
			: await previewChanges(server, {
					file,
					cluster,
					handlers: handlersOf(cluster.previewFrom(file, server, request.object?.['apiVersion'])),
				});
	return {
		file,
		line,
		operation: request.operation,
		apiVersion: textOf(before['apiVersion']) ?? '',
		kind: textOf(before['kind']) ?? '',
		namespace: request.namespace,
		name: request.name,
		verdict,
		...(verdict === 'denied' && { message: denialText(violations) }),
		patch,
		denials: violations.map(located),
		warnings: [...findings, ...newFindings(previews, findings)].map(located),
		conditions: server === undefined || verdict === 'denied' ? [] : conditionsOf(server, before),
		before,
		...(verdict !== 'denied' &&
			request.operation !== 'DELETE' && { after: patch.length === 0 ? before : patchedWith(before, patch) }),
		isWhole: request.resource.split('/').length === 2,
		notes: [
			...notesOnOwner(request, cluster, file),
			...(server === undefined || isReview ? [] : notesOnName(server, cluster, file, line)),
		],
		previews,
	};
}

/** In a cluster the operator receives these warnings and drops them, but the author of the server can act on them. */
const newFindings = (previews: readonly Preview[], known: readonly Finding[]): Finding[] =>
	previews.flatMap(({ findings }) => findings).filter(({ id }) => !known.some((one) => one.id === id));

const subjectOf = ({ request }: Json): Json => {
	const { object, oldObject } = isObject(request) ? request : {};
	return isObject(object) ? object : isObject(oldObject) ? oldObject : {};
};

/** Returns the conditions that the reconciler would set. A condition that is only ever updated must exist already. */
function conditionsOf(server: Server, { status }: Json): Condition[] {
	const existing = isObject(status) && Array.isArray(status['conditions']) ? status['conditions'] : [];
	const isThere = (type: string): boolean => existing.some((one) => isObject(one) && one['type'] === type);
	return decide(server)
		.conditions.filter(({ isOnlyIfPresent, type }) => !isOnlyIfPresent || isThere(type))
		.map(({ isOnlyIfPresent: _, ...condition }) => condition);
}
