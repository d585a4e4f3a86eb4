/** Credentials of a kubeconfig, in all the ways a kubeconfig knows: `@kubernetes/client-node` loads it and authenticates. */
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { type Credentials, rereading } from './credentials.ts';

/**
 * Of the file `path`, else of the default one. `contextName`: another than the current one. Throws where there is none, or it
 * cannot be used.
 */
export async function fromKubeconfig(path: string | undefined, contextName?: string): Promise<Credentials> {
	const config = load(path);
	if (contextName !== undefined) useContext(config, contextName);
	const url = config.getCurrentCluster()?.server;
	if (url === undefined) throw new Error('no cluster in the kubeconfig: set --kubeconfig or run in a pod');
	const authenticate = rereading(async () => {
		const context = new RequestContext(url, HttpMethod.GET);
		await config.applySecurityAuthentication(context);
		return context;
	});
	return {
		url,
		namespace: config.getContextObject(config.getCurrentContext())?.namespace,
		// One for all calls: the client would make one, and so one TLS connection, for each.
		dispatcher: (await authenticate()).getDispatcher() as Dispatcher | undefined,
		headers: async () => (await authenticate()).getHeaders(),
	};
}

function load(path: string | undefined): KubeConfig {
	const config = new KubeConfig();
	try {
		if (path !== undefined) config.loadFromFile(path);
		else {
			config.loadFromDefault();
			// What the client makes up where there is no file.
			if (config.getCurrentCluster()?.server === 'http://localhost:8080') {
				throw new Error('there is none: neither in KUBECONFIG nor ~/.kube/config; name one with --kubeconfig');
			}
		}
	} catch (error) {
		// What the client makes of a list with something else in it.
		if (error instanceof TypeError) throw new Error(NO_KUBECONFIG, { cause: error });
		// The YAML reader goes on for lines with a picture of the place.
		throw new Error((error as Error).message.split('\n', 1)[0], { cause: error });
	}
	return config;
}

const NO_KUBECONFIG = 'it is no kubeconfig: look at its lists of clusters, users and contexts';

function useContext(config: KubeConfig, name: string): void {
	if (config.getContextObject(name) === null) throw new Error(`no context ${JSON.stringify(name)} in it`);
	config.setCurrentContext(name);
}
