/** Creates the `runconfig.json` of operator v0.12.5. The keys have the order of the Go struct. */
import { goJson, goMap, omitEmpty } from './go-json.ts';
import type { ServerObject } from './objects.ts';

const DEFAULT_PORT = 8080;

/** Returns `proxyPort`, or the deprecated `port` if `proxyPort` is not set, or 8080 if neither is set. */
export const proxyPortOf = (server: ServerObject): number => server.spec.proxyPort || server.spec.port || DEFAULT_PORT;

const NETWORK_PROFILE = { name: 'network', network: { outbound: { insecure_allow_all: true }, inbound: {} } };

const middlewares = (authParameters: object): object[] => [
	{ type: 'auth', parameters: authParameters },
	{ type: 'mcp-parser', parameters: {} },
	{ type: 'usagemetrics', parameters: {} },
	{ type: 'recovery', parameters: null },
];

const containerLabels = (name: string, port: number, transport: string): Record<string, string> =>
	goMap({
		toolhive: 'true',
		'toolhive-basename': name,
		'toolhive-name': name,
		'toolhive-port': String(port),
		'toolhive-transport': transport,
	});

export function runConfigOfMcpServer(server: ServerObject): string {
	const { spec } = server;
	const { name } = server.metadata;
	const transport = spec.transport ?? '';
	const port = proxyPortOf(server);
	const targetPort = spec.mcpPort || spec.targetPort || DEFAULT_PORT;
	const portText = String(targetPort);
	const env = Object.fromEntries((spec.env ?? []).map((variable) => [variable.name, variable.value ?? '']));
	const ports = transport === 'stdio' ? {} : { MCP_PORT: portText, FASTMCP_PORT: portText };
	return goJson({
		schema_version: 'v0.1.0',
		image: spec.image,
		...omitEmpty({ cmd_args: spec.args }),
		name,
		container_name: name,
		base_name: name,
		transport,
		host: '0.0.0.0',
		port,
		target_port: targetPort,
		permission_profile: NETWORK_PROFILE,
		env_vars: goMap({ ...env, MCP_TRANSPORT: transport, ...ports }),
		container_labels: containerLabels(name, port, transport),
		...omitEmpty({
			trust_proxy_headers: spec.trustProxyHeaders,
			proxy_mode: transport === 'stdio' ? spec.proxyMode : transport,
			tools_filter: spec.tools,
		}),
		middleware_configs: middlewares({}),
		...omitEmpty({ endpoint_prefix: spec.endpointPrefix }),
	});
}

export function runConfigOfRemoteProxy(server: ServerObject): string {
	const { spec } = server;
	const { name, namespace } = server.metadata;
	const transport = spec.transport || 'streamable-http';
	const port = proxyPortOf(server);
	const inline = spec.oidcConfig?.inline;
	// In v0.12.5 the Go struct of the OIDC configuration has no JSON tags, so the keys are the Go field names.
	const oidc = inline && {
		oidc_config: {
			Issuer: inline.issuer ?? '',
			Audience: inline.audience ?? '',
			JWKSURL: '',
			ClientID: '',
			ClientSecret: '',
			CACertPath: '',
			AuthTokenFile: '',
			AllowPrivateIP: false,
			InsecureAllowHTTP: false,
			IntrospectionURL: '',
			ResourceURL: `http://${name}.${namespace}.svc.cluster.local:${port}`,
			Scopes: null,
		},
	};
	return goJson({
		schema_version: 'v0.1.0',
		image: '',
		remote_url: spec.remoteURL,
		name,
		container_name: name,
		base_name: name,
		transport,
		host: '0.0.0.0',
		port,
		permission_profile: NETWORK_PROFILE,
		env_vars: { MCP_TRANSPORT: transport },
		container_labels: containerLabels(name, port, transport),
		...oidc,
		...omitEmpty({ trust_proxy_headers: spec.trustProxyHeaders }),
		middleware_configs: middlewares(oidc ?? {}),
		...omitEmpty({ endpoint_prefix: spec.endpointPrefix }),
	});
}
