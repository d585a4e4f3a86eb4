/**
 * Reads the credentials of a kubeconfig. `@kubernetes/client-node` authenticates, so every kind of credentials works.
 */
import { readFile } from 'node:fs/promises';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';
import { isObject, type Json } from '../api/types.ts';
import { type Credentials, cached } from './credentials.ts';
import { withExecInfo } from './exec-info.ts';
import { type Entries, readEntries } from './kubeconfig-files.ts';
import { proxyFor } from './proxy.ts';
import type { EnvironmentVariables } from './service-account.ts';

/**
 * Reads the file `path`, else the default files. `contextName` selects another context than the current one. Throws if
 * the credentials are not usable.
 */
export async function fromKubeconfig(
	path: string | undefined,
	contextName: string | undefined,
	env: EnvironmentVariables,
): Promise<Credentials> {
	const entries = await readEntries(path, contextName, env);
	const url = serverOf(entries);
	const isTls = /^https:/i.test(url);
	// Like kubectl, sends no credentials over http.
	const user = isTls ? userFor(entries) : {};
	const config = new KubeConfig();
	// Only one context is loaded. As in kubectl, errors in the other contexts do not matter.
	config.loadFromString(JSON.stringify(withOneContext(entries, clusterFor(url, entries.cluster, env), user)));
	const impersonated = isTls ? impersonation(entries) : {};
	const { tokenFile } = user;
	const authenticate = cached(async () => {
		const context = new RequestContext(url, HttpMethod.GET);
		try {
			// Like client-go, prefers tokenFile to token and reads the file again. client-node reads another field, and only
			// once.
			if (typeof tokenFile === 'string') {
				Object.assign(config.getCurrentUser() ?? {}, { token: (await readFile(tokenFile, 'utf8')).trim() });
			}
			await config.applySecurityAuthentication(context);
		} catch (error) {
			// If an exec plugin fails, the error message is the whole stderr of the plugin.
			const lines = (error as Error).message.split('\n').map((line) => line.trim());
			const reason = lines.filter((line) => line !== '').join('; ') || 'its exec plugin failed';
			const who = `credentials of user ${JSON.stringify(entries.userName ?? '')} in ${entries.files}`;
			throw new Error(`${who} cannot be used: ${reason}`, { cause: error });
		}
		return context;
	});
	const dispatcher = ((await authenticate()).getDispatcher() as Dispatcher | undefined) ?? new Agent();
	const hasList = Object.values(impersonated).some((value) => Array.isArray(value) && value.length > 1);
	return {
		url,
		namespace: config.getContextObject(ONE)?.namespace,
		// All calls share one dispatcher. client-node would create a dispatcher, and so a TLS connection, for each call.
		dispatcher: hasList ? withHttp1(dispatcher) : dispatcher,
		headers: async () => ({ ...(await authenticate()).getHeaders(), ...impersonated }),
	};
}

const ONE = 'one';

const withOneContext = ({ context }: Entries, cluster: Json, user: Json): Json => ({
	'current-context': ONE,
	clusters: [{ name: ONE, cluster }],
	users: [{ name: ONE, user }],
	contexts: [{ name: ONE, context: { ...context, cluster: ONE, user: ONE } }],
});

function serverOf({ files, context, cluster }: Entries): string {
	const { server } = cluster;
	// kubectl treats a host without a scheme as http, which is almost always a mistake.
	if (typeof server === 'string' && /^https?:\/\//i.test(server) && URL.canParse(server)) {
		return server.endsWith('/') ? server.slice(0, -1) : server;
	}
	const where = `cluster ${JSON.stringify(context['cluster'])} of ${files}`;
	throw new Error(`${where} has server ${JSON.stringify(server ?? '')}; want https://HOST:PORT`);
}

function clusterFor(url: string, cluster: Json, env: EnvironmentVariables): Json {
	const proxy = cluster['proxy-url'] || proxyFor(url, env);
	return {
		...cluster,
		...(proxy && { 'proxy-url': proxy }),
		// client-node rejects http without this setting. `kubectl proxy`, for example, serves http.
		...(/^http:/i.test(url) && { 'insecure-skip-tls-verify': true }),
	};
}

const CREDENTIALS = [
	'token',
	'tokenFile',
	'client-certificate',
	'client-certificate-data',
	'username',
	'exec',
	'auth-provider',
];

/**
 * Throws if the context has no credentials. kubectl prompts for a user name in that case, and makes no anonymous calls
 * either.
 */
function userFor({ files, contextName, userName, user, cluster }: Entries): Json {
	if (CREDENTIALS.every((field) => !user[field])) {
		const who =
			userName === undefined
				? `context ${JSON.stringify(contextName)} of ${files} names no user`
				: `user ${JSON.stringify(userName)} of ${files} has no credentials`;
		throw new Error(`${who}: add a token, tokenFile, client-certificate or exec, or choose another context`);
	}
	return withExecInfo(user, cluster);
}

/** client-node sends only `as`, which would give other permissions than kubectl has. */
function impersonation({ user }: Entries): Record<string, string | string[]> {
	const { 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = user;
	return {
		...(typeof uid === 'string' && uid !== '' && { 'impersonate-uid': uid }),
		...(Array.isArray(groups) && groups.length > 0 && { 'impersonate-group': groups.map(String) }),
		...(isObject(extra) &&
			Object.fromEntries(
				Object.entries(extra).map(([key, values]) => [
					`impersonate-extra-${encodeURIComponent(key)}`,
					[values].flat().map(String),
				]),
			)),
	};
}

/** Over HTTP/2, undici joins the values of a header with commas, so several groups would become one. */
const withHttp1 = (dispatcher: Dispatcher): Dispatcher =>
	dispatcher.compose((dispatch) => (options, handler) => dispatch({ ...options, ...{ allowH2: false } }, handler));
