/**
 * Edits the ConfigMap that a proxy reads at its start: the RunConfig or the vMCP config. Also updates the checksum, so
 * that the Pods are rolled.
 */
import { createHash } from 'node:crypto';
import { CHECKSUM_ANNOTATION, KINDS, type Kind } from '../api/names.ts';
import { isObject, type Json, metadataOf, type RunConfigSummary, type Server } from '../api/types.ts';
import type { Decision } from '../policy/decide.ts';
import type { ClusterContext, Finding } from '../policy/finding.ts';
import { acceptsSessionStorage } from '../policy/image-age.ts';
import { configFindings } from '../policy/rules.ts';
import type { Settings } from '../policy/settings.ts';
import { labelsOf, ownersOf, textOf, valueAt, withAnnotation, withValueAt } from './metadata.ts';
import { editRunConfig, runConfigHasTls } from './run-config-json.ts';
import { editVmcpConfig, vmcpConfigHasTls } from './vmcp-config-yaml.ts';

export const configMapSuffixOf = (kind: Kind): string => KINDS[kind].configMapSuffix;

export interface ConfigMapEdit {
	/** The object to store, which is the original object if nothing differs. */
	readonly configMap: Json;
	readonly findings: readonly Finding[];
}

/** Applies `decision` to the configuration of the proxy of `server`. */
export function applyToConfigMap(
	configMap: Json,
	server: Server,
	decision: Decision,
	clusterContext: ClusterContext,
	layout: Settings['runConfigLayout'],
): ConfigMapEdit {
	const text = configTextOf(configMap, server.kind);
	if (text === undefined) return { configMap, findings: [] };

	const edited = edit(text, server, decision, layout);
	const isChange = edited !== undefined && edited !== text;
	const isRefusedByImage =
		isChange && server.kind === 'VirtualMCPServer' && !acceptsSessionStorage(server, clusterContext);
	const findings = configFindings({
		server,
		clusterContext,
		isReadable: edited !== undefined,
		hasTls: hasRedisTls(configMap, server.kind),
		isRefusedByImage,
	});
	if (!isChange || isRefusedByImage) return { configMap, findings };
	const changed = withValueAt(configMap, ['data', KINDS[server.kind].configKey], edited);
	return { configMap: withAnnotation(changed, CHECKSUM_ANNOTATION, checksumOf(changed)), findings };
}

function edit(
	text: string,
	server: Server,
	{ runConfig }: Decision,
	layout: Settings['runConfigLayout'],
): string | undefined {
	if (server.kind !== 'VirtualMCPServer') return editRunConfig(text, runConfig, layout);
	return runConfig.redis === undefined ? text : editVmcpConfig(text, runConfig.redis);
}

/**
 * Computes the checksum by the operator's own rule (pkg/runconfig/configmap/checksum): hex sha256 over data, labels and
 * annotations, without the checksum annotation. Each map is sorted by key; keys and values are joined without
 * separators.
 */
export function checksumOf(configMap: Json): string {
	const { annotations } = metadataOf(configMap);
	const hash = createHash('sha256');
	for (const map of [configMap['data'], labelsOf(configMap), annotations]) {
		if (!isObject(map)) continue;
		for (const key of Object.keys(map).sort()) {
			if (map === annotations && key === CHECKSUM_ANNOTATION) continue;
			hash.update(key).update(textOf(map[key]) ?? '');
		}
	}
	return hash.digest('hex');
}

/** Returns the part of a proxy's ConfigMap that the watch cache keeps, or undefined for any other ConfigMap. */
export function runConfigSummaryOf(configMap: Json): RunConfigSummary | undefined {
	const metadata = metadataOf(configMap);
	const namespace = textOf(metadata['namespace']) ?? '';
	const name = textOf(metadata['name']) ?? '';
	const owners = ownersOf(configMap, namespace, configMapSuffixOf);
	const [owner] = owners;
	if (owner === undefined) return undefined;
	return { namespace, name, owners, redisTls: hasRedisTls(configMap, owner.kind) };
}

const configTextOf = (configMap: Json, kind: Kind): string | undefined =>
	textOf(valueAt(configMap, ['data', KINDS[kind].configKey]));

function hasRedisTls(configMap: Json, kind: Kind): boolean {
	const text = configTextOf(configMap, kind);
	if (text === undefined || !text.includes('tls')) return false;
	return kind === 'VirtualMCPServer' ? vmcpConfigHasTls(text) : runConfigHasTls(text);
}
