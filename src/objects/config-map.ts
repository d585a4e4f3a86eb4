/** The ConfigMap that a proxy reads at its start: the RunConfig or the vMCP config, with the checksum that rolls the pods. */
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
	/** The object as it should be stored: itself if nothing differs. */
	readonly configMap: Json;
	readonly findings: readonly Finding[];
}

/** The configuration of `server`'s proxy with `decision` in it. */
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
 * The operator's own checksum rule (pkg/runconfig/configmap/checksum): hex sha256 over data, labels and annotations,
 * each sorted by key, keys and values joined without separators, the checksum annotation left out.
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

/** What the watch cache keeps of a proxy's ConfigMap; undefined for any other one. */
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
