/**
 * The reads for `doctor`, each with a timeout. The reads never change the cluster. From a Secret, they return only
 * certificates.
 */

import { GROUP, KINDS, type Kind } from '../api/names.ts';
import { certificatesIn } from '../api/pem.ts';
import { isObject, type Json, metadataOf } from '../api/types.ts';
import type { ClusterReader, DryRunResult, Project } from '../doctor/cluster.ts';
import { ApiError, type Connection, getFirst } from './connect.ts';
import { certificatesAt } from './handshake.ts';
import { listEach } from './list-watch.ts';
import {
	ACCESS_REVIEWS_PATH,
	AUTOSCALERS_PATH,
	CONFIG_MAPS_PATH,
	crdPath,
	creationPath,
	DEPLOYMENTS_PATH,
	deploymentPath,
	leasePath,
	namespacePath,
	secretPath,
	serversPaths,
	VERSION_PATH,
	webhookConfigurationPath,
} from './paths.ts';

/** Timeouts of one call and of all calls together. */
const CALL_MS = 10_000;
const TOTAL_MS = 120_000;

export function createClusterReader(
	connection: Pick<Connection, 'get' | 'send' | 'post'>,
	{ callMs, totalMs } = { callMs: CALL_MS, totalMs: TOTAL_MS },
): ClusterReader {
	const ended = AbortSignal.timeout(totalMs);
	const bounded = async <T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> => {
		try {
			return await call(AbortSignal.any([ended, AbortSignal.timeout(callMs)]));
		} catch (error) {
			if (!(error instanceof DOMException)) throw error;
			throw new Error(`no answer within ${(ended.aborted ? totalMs : callMs) / 1000} s`, { cause: error });
		}
	};
	const eachCall = { get: (path: string) => bounded((signal) => connection.get(path, signal)) };
	const get = (path: string): Promise<Json | undefined> => getFirst(eachCall, [path], ended);
	const list = async <T>(paths: readonly string[], project: Project<T>, labelSelector?: string) => {
		const resource = { paths, connection: { ...eachCall, stream: noStream } };
		return (await listEach({ ...resource, ...(labelSelector !== undefined && { labelSelector }) }, project, ended))
			?.items;
	};

	return {
		version: () => bounded((signal) => connection.get(VERSION_PATH, signal)),
		getCrd: (name) => get(crdPath(name)),
		getWebhookConfiguration: (kind, name) => get(webhookConfigurationPath(kind, name)),
		getDeployment: (named) => get(deploymentPath(named)),
		getLease: (named) => get(leasePath(named)),
		labelsOfNamespace: async (name) => {
			const namespace = await get(namespacePath(name));
			if (namespace === undefined) return undefined;
			const { labels } = metadataOf(namespace);
			return isObject(labels) ? labels : {};
		},
		listServers: async (kind, project) => (await list(serversPaths(kind), project)) ?? [],
		listAutoscalers: async (project) => (await list([AUTOSCALERS_PATH], project)) ?? [],
		listDeployments: async (project, labelSelector) => (await list([DEPLOYMENTS_PATH], project, labelSelector)) ?? [],
		listConfigMaps: async (project, labelSelector) => (await list([CONFIG_MAPS_PATH], project, labelSelector)) ?? [],

		createDryRun: (object) =>
			bounded<DryRunResult>(async (signal) => {
				const { namespace } = metadataOf(object);
				const kind = String(object['kind']);
				const apiVersion = String(object['apiVersion']);
				const plural = apiVersion.startsWith(`${GROUP}/`) ? KINDS[kind as Kind].plural : `${kind.toLowerCase()}s`;
				const path = `${creationPath(apiVersion, plural, String(namespace))}?dryRun=All`;
				const { status, body, warnings } = await connection.post(path, object, signal);
				const message = status >= 300 && isObject(body) ? String(body['message'] ?? '') : '';
				return { status, message, warnings };
			}),

		/** Whether an authorizer of the cluster, such as RBAC, allows the action. */
		isAllowed: (user, groups, resourceAttributes) =>
			bounded(async (signal) => {
				const review = {
					apiVersion: 'authorization.k8s.io/v1',
					kind: 'SubjectAccessReview',
					spec: { user, groups, resourceAttributes },
				};
				const answer = await connection.send('POST', ACCESS_REVIEWS_PATH, review, 'application/json', signal);
				const status = isObject(answer) ? answer['status'] : undefined;
				return isObject(status) && status['allowed'] === true;
			}),

		keysOfSecret: async (named) => {
			const data = await dataOf(get(secretPath(named)));
			return data === undefined ? undefined : Object.keys(data);
		},
		certificateInSecret: async (named, key) => {
			const data = await dataOf(get(secretPath(named)));
			if (data === undefined) return undefined;
			const text = Buffer.from(String(data[key] ?? ''), 'base64').toString();
			return certificatesIn(text).join('\n');
		},
		certificatesAt: (url) => certificatesAt(url, callMs),
	};
}

async function dataOf(secret: Promise<Json | undefined>): Promise<Json | undefined> {
	const object = await secret.catch((error: unknown) => {
		// The message of the original error may quote the Secret.
		throw error instanceof ApiError ? new ApiError(`the API server returns ${error.status}`, error.status) : error;
	});
	if (object === undefined) return undefined;
	return isObject(object['data']) ? object['data'] : {};
}

const noStream = (): never => {
	throw new Error('doctor does not watch');
};
