/** What the reconciler sends: small patches that somebody else's write in between makes fail. */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { ApiError } from '../../../src/cluster/connect.ts';
import { createObjects, isConflict } from '../../../src/cluster/writes.ts';

function createStage() {
	const sent: unknown[][] = [];
	const counted: string[] = [];
	const asked: string[] = [];
	const objects = createObjects(
		{
			get: (path) => {
				asked.push(path);
				return Promise.reject(new ApiError('not found', 404));
			},
			send: (...args) => {
				sent.push(args.slice(0, 4));
				return Promise.resolve({ stored: true });
			},
		},
		() => [{ op: 'replace', path: '/spec/replicas', value: 3 }],
		(resource) => void counted.push(resource),
	);
	return { objects, sent, counted, asked };
}

const { signal } = new AbortController();
const object = (kind: string, apiVersion = 'toolhive.stacklok.dev/v1alpha1'): Json => ({
	apiVersion,
	kind,
	metadata: { namespace: 'demo', name: 'search', resourceVersion: '7' },
});

describe('writes', () => {
	for (const { kind, plural } of [
		{ kind: 'MCPServer', plural: 'mcpservers' },
		{ kind: 'VirtualMCPServer', plural: 'virtualmcpservers' },
		{ kind: 'MCPRemoteProxy', plural: 'mcpremoteproxies' },
	]) {
		it(`the conditions of a ${kind}, in the version it was read, with the resourceVersion that was read`, async () => {
			const { objects, sent, counted } = createStage();
			await objects.writeConditions(object(kind), [{ type: 'A' }], signal);
			expect(sent).to.deep.equal([
				[
					'PATCH',
					`/apis/toolhive.stacklok.dev/v1alpha1/namespaces/demo/${plural}/search/status`,
					{ metadata: { resourceVersion: '7' }, status: { conditions: [{ type: 'A' }] } },
					'application/merge-patch+json',
				],
			]);
			expect(counted).to.deep.equal([`${plural}/status`]);
		});
	}

	for (const { kind, path, resource } of [
		{ kind: 'Deployment', path: '/apis/apps/v1/namespaces/demo/deployments/search', resource: 'deployments' },
		{ kind: 'ConfigMap', path: '/api/v1/namespaces/demo/configmaps/search', resource: 'configmaps' },
	]) {
		it(`a ${kind}, guarded by the resourceVersion that was read`, async () => {
			const { objects, sent, counted } = createStage();
			await objects.write(object(kind, 'v1'), object(kind, 'v1'), signal);
			expect(sent).to.deep.equal([
				[
					'PATCH',
					path,
					[
						{ op: 'replace', path: '/metadata/resourceVersion', value: '7' },
						{ op: 'replace', path: '/spec/replicas', value: 3 },
					],
					'application/json-patch+json',
				],
			]);
			expect(counted).to.deep.equal([resource]);
		});
	}

	it('what is not there is undefined, looked for in both versions, by an escaped name', async () => {
		const { objects, asked } = createStage();
		expect(await objects.getServer({ kind: 'MCPServer', namespace: 'demo', name: 'a/../b' }, signal)).to.equal(
			undefined,
		);
		expect(asked).to.deep.equal([
			'/apis/toolhive.stacklok.dev/v1beta1/namespaces/demo/mcpservers/a%2F..%2Fb',
			'/apis/toolhive.stacklok.dev/v1alpha1/namespaces/demo/mcpservers/a%2F..%2Fb',
		]);
	});

	it('a conflict is told from other refusals', () => {
		expect([409, 403, 500].map((status) => isConflict(new ApiError('no', status)))).to.deep.equal([true, false, false]);
		expect(isConflict(new Error('409'))).to.equal(false);
	});
});
