/** Writes the ConfigMap that contains the configuration of a server, and computes its checksum. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Client } from './client.ts';
import type { ConfigMap, ServerObject, Text } from './objects.ts';
import { ownerOf } from './workload.ts';

const CHECKSUM = 'toolhive.stacklok.dev/content-checksum';

/** Hashes the keys and values of data, labels and annotations, without separators. Each map is sorted by key. */
export function checksumOf(data: Text, labels: Text, annotations: Text): string {
	const hash = createHash('sha256');
	for (const map of [data, labels, annotations]) {
		for (const key of Object.keys(map).sort()) {
			if (key !== CHECKSUM) hash.update(key).update(map[key] ?? '');
		}
	}
	return hash.digest('hex');
}

/**
 * Creates the ConfigMap, or replaces its data, labels, annotations and owner if the stored values differ. Returns the
 * checksum from the **stored** annotation, because the operator copies that value into the pod template.
 */
export async function ensureConfigMap(
	client: Client,
	server: ServerObject,
	name: string,
	labels: Text,
	data: Text,
): Promise<string> {
	const annotations = { [CHECKSUM]: checksumOf(data, labels, {}) };
	const ownerReferences = [ownerOf(server)];
	const stored = await client.get<ConfigMap>('v1', 'configmaps', name);
	if (stored === undefined) {
		const metadata = { name, namespace: server.metadata.namespace, labels, annotations, ownerReferences };
		await client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
	} else {
		const metadata = { ...stored.metadata, labels, annotations, ownerReferences };
		const desired: ConfigMap = { ...stored, metadata, data };
		if (!isDeepStrictEqual(desired, stored)) await client.replace('configmaps', desired);
	}
	const current = await client.get<ConfigMap>('v1', 'configmaps', name);
	const checksum = current?.metadata.annotations?.[CHECKSUM];
	if (!checksum) throw new Error(`ConfigMap ${name} has no content-checksum`);
	return checksum;
}
