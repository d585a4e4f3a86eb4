/** The ConfigMap that a proxy reads at start: RunConfig, or the vMCP config, and the checksum that rolls its pods. */
import { createHash } from 'node:crypto';
import type { Decision } from '../policy/decide.ts';
import type { Finding, Surroundings } from '../policy/finding.ts';
import { acceptsSessionStorage, vmcpCannotTakeIt } from '../policy/image-age.ts';
import { REDIS_TLS_UNSUPPORTED, wantsTls } from '../policy/redis-tls.ts';
import { RUN_CONFIG_UNREADABLE } from '../policy/run-config.ts';
import type { Settings } from '../policy/settings.ts';
import { CHECKSUM_ANNOTATION, KINDS, type Kind } from '../toolhive/names.ts';
import { isObject, type Json, metadataOf, type RunConfigSummary, type Server } from '../toolhive/types.ts';
import { labelsOf, ownersOf, textOf, withAnnotation } from './metadata.ts';
import { editRunConfig, runConfigHasTls } from './run-config-json.ts';
import { editVmcpConfig, vmcpConfigHasTls } from './vmcp-config-yaml.ts';

export const configMapSuffixOf = (kind: Kind): string => KINDS[kind].configMapSuffix;

export interface ConfigMapEdit {
	/** The object as it should be stored; the one that came in where it already is. */
	readonly configMap: Json;
	readonly findings: readonly Finding[];
}

/** The configuration of `server`'s proxy, with what `decision` says in it. */
export function applyToConfigMap(
	configMap: Json,
	server: Server,
	decision: Decision,
	surroundings: Surroundings,
	layout: Settings['runConfigLayout'],
): ConfigMapEdit {
	const { configKey } = KINDS[server.kind];
	const data = configMap['data'];
	const text = isObject(data) ? textOf(data[configKey]) : undefined;
	if (!isObject(data) || text === undefined) return { configMap, findings: [] };

	const edited = edit(text, server, decision, layout);
	if (edited === undefined) return { configMap, findings: [unreadable(server)] };
	const findings = wantsTls(server) && !carriesTls(configMap, server.kind) ? [REDIS_TLS_UNSUPPORTED] : [];
	if (edited === text) return { configMap, findings };
	if (server.kind === 'VirtualMCPServer' && !acceptsSessionStorage(server, surroundings)) {
		return { configMap, findings: [...findings, vmcpCannotTakeIt(server, surroundings)] };
	}
	const changed = { ...configMap, data: { ...data, [configKey]: edited } };
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

const unreadable = ({ kind }: Server): Finding => ({
	id: RUN_CONFIG_UNREADABLE,
	field: `data[${KINDS[kind].configKey}]`,
	message: `${kind === 'VirtualMCPServer' ? 'no YAML mapping' : 'no JSON object'}, or too long; left without scaling`,
});

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
			const value = map[key];
			hash.update(key).update(typeof value === 'string' ? value : JSON.stringify(value));
		}
	}
	return hash.digest('hex');
}

/** What the watch cache keeps of a ConfigMap the operator manages; undefined for its other ConfigMaps. */
export function runConfigSummaryOf(configMap: Json): RunConfigSummary | undefined {
	const metadata = metadataOf(configMap);
	const namespace = textOf(metadata['namespace']) ?? '';
	const name = textOf(metadata['name']) ?? '';
	const owners = ownersOf(configMap, namespace, configMapSuffixOf);
	const [owner] = owners;
	if (owner === undefined) return undefined;
	return { namespace, name, owners, redisTls: carriesTls(configMap, owner.kind) };
}

function carriesTls(configMap: Json, kind: Kind): boolean {
	const data = configMap['data'];
	const text = isObject(data) ? textOf(data[KINDS[kind].configKey]) : undefined;
	if (text === undefined || !text.includes('tls')) return false;
	return kind === 'VirtualMCPServer' ? vmcpConfigHasTls(text) : runConfigHasTls(text);
}
