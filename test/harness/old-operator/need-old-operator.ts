/** For test files: a stand-in operator in a namespace of its own per test, on the shared control plane with our CRDs. */
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
	/** Runs kubectl in the namespace as the person and gives its stdout; fails the test when kubectl fails. */
	readonly kubectl: (args: readonly string[], input?: object) => Promise<string>;
	readonly apply: (...items: readonly object[]) => Promise<string>;
	readonly get: <T>(resource: string, name: string) => Promise<T>;
	/** A JSON merge patch. */
	readonly patch: (resource: string, name: string, change: object, ...more: readonly string[]) => Promise<string>;
	/** Lets the operator settle; fails the test when it does not, or when anything was refused. */
	readonly settle: () => Promise<Summary>;
}

const SETTLE_TIMEOUT_MS = 10_000;
let namespaces = 0;

/** Call it inside a `describe`. */
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

/** `PUT deployments`, with `(no-op)` where nothing stored changed. */
export const named = (writes: readonly Write[]): string[] =>
	writes.map(({ verb, resource, changed }) => `${verb} ${resource}${changed ? '' : ' (no-op)'}`);

/** What a person asks for and this operator does not know. */
export const SCALING = {
	replicas: 3,
	sessionStorage: {
		provider: 'redis',
		address: 'redis.demo.svc:6379',
		db: 0,
		passwordRef: { name: 'redis', key: 'password' },
	},
};

/** A streamable-http MCPServer with characters that Go escapes. */
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
