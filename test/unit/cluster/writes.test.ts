/**
 * Tests the reconciler's requests: small patches that fail if another client has changed the object since the
 * reconciler read it.
 */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createObjects, isConflict } from '../../../src/cluster/writes.ts';

const { signal } = new AbortController();
const GROUP = 'toolhive.stacklok.dev';
const CHANGE = { op: 'replace', path: '/spec/replicas', value: 3 } as const;
const object = (kind: string, apiVersion = `${GROUP}/v1alpha1`): Json => ({
	apiVersion,
	kind,
	metadata: { namespace: 'demo', name: 'search', resourceVersion: '7' },
});

describe('writes', () => {
	const calls: unknown[][] = [];
	beforeEach(() => void calls.splice(0));
	const objects = createObjects(
		{
			get: (path) => {
				calls.push([path]);
				return Promise.reject(new ApiError('not found', 404));
			},
			send: async (...args) => {
				calls.push(args.slice(0, 4));
				return { stored: true };
			},
		},
		() => [CHANGE],
		(resource) => calls.push(['counted', resource]),
	);

	it('conditions › in the version and with the resourceVersion that were read', async () => {
		await objects.writeConditions(object('VirtualMCPServer'), [{ type: 'A' }], signal);
		const path = `/apis/${GROUP}/v1alpha1/namespaces/demo/virtualmcpservers/search/status`;
		const body = { metadata: { resourceVersion: '7' }, status: { conditions: [{ type: 'A' }] } };
		expect(calls).to.deep.equal([
			['PATCH', path, body, 'application/merge-patch+json'],
			['counted', 'virtualmcpservers/status'],
		]);
	});

	for (const [kind, path, resource] of [
		['Deployment', '/apis/apps/v1/namespaces/demo/deployments/search', 'deployments'],
		['ConfigMap', '/api/v1/namespaces/demo/configmaps/search', 'configmaps'],
	] as const) {
		it(`a ${kind} › a patch that requires the resourceVersion that was read`, async () => {
			await objects.write(object(kind, 'v1'), object(kind, 'v1'), signal);
			const guard = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };
			expect(calls).to.deep.equal([
				['PATCH', path, [guard, CHANGE], 'application/json-patch+json'],
				['counted', resource],
			]);
		});
	}

	it('a server that does not exist › read in both versions by an escaped name, undefined', async () => {
		const ref = { kind: 'MCPServer', namespace: 'demo', name: 'a/../b' } as const;
		expect(await objects.getServer(ref, signal)).to.equal(undefined);
		const path = 'namespaces/demo/mcpservers/a%2F..%2Fb';
		expect(calls).to.deep.equal([[`/apis/${GROUP}/v1beta1/${path}`], [`/apis/${GROUP}/v1alpha1/${path}`]]);
	});

	it('409 › a conflict; other errors › not a conflict', () => {
		expect([409, 403, 500].map((status) => isConflict(new ApiError('no', status)))).to.deep.equal([true, false, false]);
		expect(isConflict(new Error('409'))).to.equal(false);
	});
});
