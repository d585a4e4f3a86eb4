/** Everything that is fuzzed. Each is loaded alone, because V8 looks at every function that is loaded when it is asked what ran. */
import type { Target } from './target.ts';

export const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
	admission: async () => (await import('./targets/admission.ts')).admission,
	servers: async () => (await import('./targets/servers.ts')).servers,
	'run-config': async () => (await import('./targets/run-config.ts')).runConfig,
	'vmcp-config': async () => (await import('./targets/vmcp-config.ts')).vmcpConfig,
	crds: async () => (await import('./targets/crds.ts')).crds,
	manifests: async () => (await import('./targets/manifests.ts')).manifests,
	json: async () => (await import('./targets/json.ts')).json,
	options: async () => (await import('./targets/options.ts')).options,
	kubeconfig: async () => (await import('./targets/kubeconfig.ts')).kubeconfig,
	words: async () => (await import('./targets/words.ts')).words,
	watch: async () => (await import('./targets/watch.ts')).watch,
	lease: async () => (await import('./targets/lease.ts')).lease,
	http: async () => (await import('./targets/http.ts')).http,
};

/** Searched by the fuzzer's own test alone. */
const PLANTED = async (): Promise<Target> => (await import('./planted.ts')).maze;

export async function targetNamed(name: string): Promise<Target> {
	const load = name === 'planted' ? PLANTED : TARGETS[name];
	if (load === undefined) throw new Error(`no target ${name}; there are ${Object.keys(TARGETS).join(', ')}`);
	return load();
}
