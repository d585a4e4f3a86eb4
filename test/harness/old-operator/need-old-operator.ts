/**
 * Provides each test with a replacement for operator v0.12.5 in a separate namespace. The tests use the shared control
 * plane with the CRDs of `manifests/crds`.
 */
import { expect } from 'chai';
import { afterEach, before, beforeEach } from 'mocha';
import { needControlPlane } from '../control-plane/mocha.ts';
import { applyCrds } from '../product.ts';
import type { Write } from './client.ts';
import { createOldOperator, type OldOperator, type Summary } from './old-operator.ts';

const SETTLE_TIMEOUT_MS = 10_000;
let namespaces = 0;

/** Must be called inside a `describe`. */
export function needOldOperator() {
	const plane = needControlPlane();
	let namespace = 'default';
	let operator: OldOperator;

	/** Runs kubectl in the namespace as the user `person` and returns stdout. Fails the test if kubectl fails. */
	const kubectl = async (args: readonly string[], input?: object): Promise<string> => {
		const options = input === undefined ? {} : { input: JSON.stringify(input) };
		const { code, stdout, stderr } = await plane().kubectl(['-n', namespace, ...args], options);
		expect(code, stderr).to.equal(0);
		return stdout;
	};
	before('CRDs', () => applyCrds(plane()));
	beforeEach('namespace and operator', async () => {
		namespaces += 1;
		namespace = `old-operator-${namespaces}`;
		await kubectl(['create', 'namespace', namespace]);
		operator = createOldOperator(plane(), namespace);
	});
	afterEach('operator', () => operator.close());

	return {
		namespace: () => namespace,
		operator: () => operator,
		kubectl,
		apply: (item: object) => kubectl(['apply', '--server-side', '-f', '-'], item),
		get: async <T>(resource: string, name: string) =>
			JSON.parse(await kubectl(['get', resource, name, '-o', 'json'])) as T,
		/** Applies a JSON merge patch. */
		patch: (resource: string, name: string, change: object, ...more: readonly string[]) =>
			kubectl(['patch', resource, name, '--type=merge', '-p', JSON.stringify(change), ...more]),
		/** Reconciles until nothing changes. Fails the test if objects still change, or if a request is rejected. */
		settle: async (): Promise<Summary> => {
			const summary = await operator.settle(SETTLE_TIMEOUT_MS);
			expect(summary).to.deep.include({ errors: [], converged: true });
			return summary;
		},
	};
}

/** Returns one string per write, such as `PUT deployments`, with `(no-op)` if the stored object did not change. */
export const named = (writes: readonly Write[]): string[] =>
	writes.map(({ verb, resource, changed }) => `${verb} ${resource}${changed ? '' : ' (no-op)'}`);
