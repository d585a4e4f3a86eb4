/** Creates the documents that the proxies of operator v0.12.5 read. The keys have the order of the Go structs. */
import { stringify } from 'yaml';
import type { ServerObject } from './objects.ts';

const DEFAULT_PORT = 8080;

export const proxyPortOf = ({ spec }: ServerObject): number => spec.proxyPort || DEFAULT_PORT;

/** Returns the part that all proxies have, except for `image` and the fields between `name` and `port`. */
function runConfig(server: ServerObject, transport: string, first: object, middle: object, last: object): string {
	const { name } = server.metadata;
	const port = proxyPortOf(server);
	return goJson({
		schema_version: 'v0.1.0',
		...first,
		...{ name, container_name: name, base_name: name, transport, host: '0.0.0.0', port },
		...middle,
		container_labels: {
			toolhive: 'true',
			'toolhive-basename': name,
			'toolhive-name': name,
			'toolhive-port': String(port),
			'toolhive-transport': transport,
		},
		...last,
	});
}

/** Go's encoding/json escapes these characters. They occur only inside strings. */
const goJson = (value: unknown): string =>
	JSON.stringify(value, null, 2).replaceAll(
		/[<>&\u2028\u2029]/g,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);

const NETWORK_PROFILE = { name: 'network', network: { outbound: { insecure_allow_all: true }, inbound: {} } };

const middlewares = (authParameters: object): object[] => [
	{ type: 'auth', parameters: authParameters },
	{ type: 'mcp-parser', parameters: {} },
	{ type: 'usagemetrics', parameters: {} },
	{ type: 'recovery', parameters: null },
];

export function runConfigOfMcpServer(server: ServerObject): string {
	const { image, args = [], env = [], mcpPort, proxyMode, transport = '' } = server.spec;
	const targetPort = mcpPort || DEFAULT_PORT;
	const isStdio = transport === 'stdio';
	const portText = String(targetPort);
	const variables: [string, string][] = [
		...env.map(({ name, value = '' }): [string, string] => [name, value]),
		['MCP_TRANSPORT', transport],
		...(isStdio ? [] : (['MCP_PORT', 'FASTMCP_PORT'] as const).map((name): [string, string] => [name, portText])),
	];
	const mode = isStdio ? proxyMode : transport;
	return runConfig(
		server,
		transport,
		{ image, ...(args.length > 0 && { cmd_args: args }) },
		{
			target_port: targetPort,
			permission_profile: NETWORK_PROFILE,
			// Go encodes maps in the order of their keys.
			env_vars: Object.fromEntries(variables.sort(([a], [b]) => (a < b ? -1 : 1))),
		},
		{ ...(mode && { proxy_mode: mode }), middleware_configs: middlewares({}) },
	);
}

export function runConfigOfRemoteProxy(server: ServerObject): string {
	const { oidcConfig, remoteURL, transport = 'streamable-http' } = server.spec;
	const { name, namespace } = server.metadata;
	const inline = oidcConfig?.inline;
	// In v0.12.5 the Go struct of the OIDC configuration has no JSON tags, so the keys are the Go field names.
	const oidc = inline && {
		oidc_config: {
			Issuer: inline.issuer ?? '',
			Audience: inline.audience ?? '',
			...{ JWKSURL: '', ClientID: '', ClientSecret: '', CACertPath: '', AuthTokenFile: '' },
			...{ AllowPrivateIP: false, InsecureAllowHTTP: false, IntrospectionURL: '' },
			ResourceURL: `http://${name}.${namespace}.svc.cluster.local:${proxyPortOf(server)}`,
			Scopes: null,
		},
	};
	return runConfig(
		server,
		transport,
		{ image: '', remote_url: remoteURL },
		{ permission_profile: NETWORK_PROFILE, env_vars: { MCP_TRANSPORT: transport } },
		{ ...oidc, middleware_configs: middlewares(oidc ?? {}) },
	);
}

const VMCP_DEFAULTS = {
	outgoingAuth: { source: 'discovered' },
	aggregation: { conflictResolution: 'prefix', conflictResolutionConfig: { prefixFormat: '{workload}_' } },
	operational: {
		timeouts: { default: '30s' },
		failureHandling: {
			healthCheckInterval: '30s',
			unhealthyThreshold: 3,
			statusReportingInterval: '30s',
			partialFailureMode: 'fail',
			circuitBreaker: { failureThreshold: 5, timeout: '1m0s' },
		},
	},
};

/** Drops `sessionStorage` of `spec.config`, because the Go struct lacks it. */
export function vmcpConfigOf({ metadata, spec }: ServerObject): string {
	const groupRef = spec.config?.groupRef;
	const incomingAuth = { type: spec.incomingAuth?.type ?? 'anonymous' };
	const config = { name: metadata.name, groupRef, incomingAuth, ...VMCP_DEFAULTS };
	return stringify(config, { indent: 4, lineWidth: 0, singleQuote: true });
}
