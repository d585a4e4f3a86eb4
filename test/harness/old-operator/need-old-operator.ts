/**
 * Provides each test with a replacement for operator v0.12.5 in a separate namespace. The tests use the shared control
 * plane with the CRDs of `manifests/crds`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, before, beforeEach } from 'mocha';
import { needControlPlane } from '../control-plane/mocha.ts';
import type { Write } from './client.ts';
import type { ServerObject } from './objects.ts';
import { createOldOperator, type Kind, type OldOperator, type Summary } from './old-operator.ts';

const CRD_FOLDER = join(import.meta.dirname, '../..', '..', 'manifests', 'crds');

export interface Stage {
	readonly namespace: () => string;
	readonly operator: () => OldOperator;
	/** Runs kubectl in the namespace as the user `person` and returns stdout. Fails the test if kubectl fails. */
	readonly kubectl: (args: readonly string[], input?: object) => Promise<string>;
	readonly apply: (...items: readonly object[]) => Promise<string>;
	readonly get: <T>(resource: string, name: string) => Promise<T>;
	/** Applies a JSON merge patch. */
	readonly patch: (resource: string, name: string, change: object, ...more: readonly string[]) => Promise<string>;
	/**
	 * Reconciles until nothing changes. Fails the test if objects still change after the timeout, or if the API server
	 * rejects a request.
	 */
	readonly settle: () => Promise<Summary>;
}

const SETTLE_TIMEOUT_MS = 10_000;
let namespaces = 0;

/** Must be called inside a `describe`. */
export function needOldOperator(): Stage {
	const plane = needControlPlane();
	let namespace = 'default';
	let operator: OldOperator | undefined;

	const kubectl = async (args: readonly string[], input?: object): Promise<string> => {
		const options = input === undefined ? {} : { input: JSON.stringify(input) };
		const { code, stdout, stderr } = await plane().kubectl(['-n', namespace, ...args], options);
		expect(code, stderr).to.equal(0);
		return stdout;
	};
	const current = (): OldOperator => {
		if (operator === undefined) throw new Error('the operator is there in hooks and tests only');
		return operator;
	};

	before('CRDs', async () => {
		await kubectl(['apply', '--server-side', '--force-conflicts', '-f', CRD_FOLDER]);
		await kubectl(['wait', '--for=condition=Established', '-f', CRD_FOLDER]);
	});
	beforeEach('namespace and operator', async () => {
		namespaces += 1;
		namespace = `old-operator-${namespaces}`;
		await kubectl(['create', 'namespace', namespace]);
		const { url, caFile, token } = plane();
		operator = createOldOperator({ url, ca: readFileSync(caFile, 'utf8'), token: token('operator'), namespace });
	});
	afterEach('operator', () => operator?.close());

	return {
		namespace: () => namespace,
		operator: current,
		kubectl,
		apply: (...items) => kubectl(['apply', '--server-side', '-f', '-'], { apiVersion: 'v1', kind: 'List', items }),
		get: async <T>(resource: string, name: string) =>
			JSON.parse(await kubectl(['get', resource, name, '-o', 'json'])) as T,
		patch: (resource, name, change, ...more) =>
			kubectl(['patch', resource, name, '--type=merge', '-p', JSON.stringify(change), ...more]),
		settle: async () => {
			const summary = await current().settle(SETTLE_TIMEOUT_MS);
			expect(summary.errors).to.deep.equal([]);
			expect(summary.converged).to.equal(true);
			return summary;
		},
	};
}

export const server = (kind: Kind, name: string, spec: object): Pick<ServerObject, 'apiVersion' | 'kind'> => ({
	apiVersion: 'toolhive.stacklok.dev/v1alpha1',
	kind,
	...{ metadata: { name }, spec },
});

/** Returns one string per write, such as `PUT deployments`, with `(no-op)` if the stored object did not change. */
export const named = (writes: readonly Write[]): string[] =>
	writes.map(({ verb, resource, changed }) => `${verb} ${resource}${changed ? '' : ' (no-op)'}`);

/** Scaling fields that operator v0.12.5 does not support. */
export const SCALING = {
	replicas: 3,
	sessionStorage: {
		provider: 'redis',
		address: 'redis.demo.svc:6379',
		db: 0,
		passwordRef: { name: 'redis', key: 'password' },
	},
};

/** The spec of a streamable-http MCPServer with characters that Go escapes in JSON. */
export const SEARCH = {
	image: 'ghcr.io/example/search-mcp:2.0.1',
	transport: 'streamable-http',
	proxyPort: 8080,
	mcpPort: 9000,
	sessionAffinity: 'None',
	env: [{ name: 'API_BASE', value: 'https://api.example.com/v1?a=1&b=<2>' }],
	args: ['--verbose'],
	resourceOverrides: { proxyDeployment: { env: [{ name: 'EXTRA_TRACE', value: '1' }] } },
};
