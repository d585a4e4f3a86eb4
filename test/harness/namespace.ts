/** Creates a namespace for one suite, and runs the kubectl commands that the suites share. */
import { after, before } from 'mocha';
import type { ControlPlane, KubectlResult, User } from './control-plane/start.ts';
import { mustSucceed } from './product.ts';

export type Stored = {
	readonly metadata: {
		readonly uid: string;
		readonly resourceVersion: string;
		readonly generation: number;
		readonly annotations?: Readonly<Record<string, string>>;
	};
	// biome-ignore lint/suspicious/noExplicitAny: any object that the API server stored
	readonly [key: string]: any;
};

export type Namespace = ReturnType<typeof useNamespace>;

const COLLECTIONS = [
	'/apis/toolhive.stacklok.dev/v1beta1/namespaces/NAMESPACE/mcpservers',
	'/apis/toolhive.stacklok.dev/v1beta1/namespaces/NAMESPACE/virtualmcpservers',
	'/apis/toolhive.stacklok.dev/v1beta1/namespaces/NAMESPACE/mcpremoteproxies',
	'/apis/apps/v1/namespaces/NAMESPACE/deployments',
	'/apis/apps/v1/namespaces/NAMESPACE/statefulsets',
	'/api/v1/namespaces/NAMESPACE/configmaps',
	'/api/v1/namespaces/NAMESPACE/pods',
];

export function useNamespace(plane: () => ControlPlane, name: string) {
	before(`namespace ${name}`, async () => {
		await mustSucceed(plane().kubectl(['create', 'namespace', name]));
	});
	after(`namespace ${name}`, async () => {
		// Without controllers, Kubernetes does not delete the objects in a namespace.
		for (const path of COLLECTIONS) await plane().kubectl(['delete', '--raw', path.replace('NAMESPACE', name)]);
		await plane().kubectl(['delete', 'namespace', name, '--wait=false']);
	});
	/** Resolves even if kubectl fails. */
	const kubectl = (args: readonly string[], input?: object | string, user?: User): Promise<KubectlResult> =>
		plane().kubectl(['-n', name, ...args], {
			...(input !== undefined && { input: typeof input === 'string' ? input : JSON.stringify(input) }),
			...(user !== undefined && { user }),
		});
	/** The command must succeed. Resolves with the stored object. */
	const write = (verb: string) => async (object: object, user?: User) =>
		JSON.parse((await mustSucceed(kubectl([verb, '-f', '-', '-o', 'json'], object, user))).stdout) as Stored;
	return {
		name,
		kubectl,
		apply: write('apply'),
		create: write('create'),
		get: async (resource: string, object: string) =>
			JSON.parse((await mustSucceed(kubectl(['get', resource, object, '-o', 'json']))).stdout) as Stored,
	};
}

/** Returns the manifest of a ToolHive server. */
export const serverManifest = (kind: string, name: string, spec: object, version = 'v1beta1') => ({
	apiVersion: `toolhive.stacklok.dev/${version}`,
	kind,
	metadata: { name },
	spec: kind === 'MCPServer' ? { image: 'ghcr.io/example/mcp:1.0.0', ...spec } : spec,
});
