import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createClusterReader } from '../../../src/cluster/cluster-reader.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';

type Asked = { readonly method: string; readonly path: string; readonly body?: Json };

/** `answer` says what a GET gets; what is sent is only remembered. */
function looking(answer: (path: string) => unknown, timing?: { callMs: number; totalMs: number }) {
	const asked: Asked[] = [];
	const connection: Pick<Connection, 'get' | 'send' | 'post'> = {
		get: async (path, signal) => {
			asked.push({ method: 'GET', path });
			const value = answer(path);
			if (value !== HANGS) return value;
			signal?.throwIfAborted();
			return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
		},
		send: async (method, path, body) => {
			asked.push({ method, path, body: body as Json });
			return { status: { allowed: true } };
		},
		post: async (path, body) => {
			asked.push({ method: 'POST', path, body: body as Json });
			return { status: 422, body: { message: 'no' }, warnings: ['careful'] };
		},
	};
	return {
		asked,
		look: timing === undefined ? createClusterReader(connection) : createClusterReader(connection, timing),
	};
}

const HANGS = Symbol('hangs');
const SECRET = { namespace: 'demo', name: 'redis' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

describe('a look at a cluster', () => {
	it('lists page by page, and keeps what was asked for', async () => {
		const { look, asked } = looking((path) =>
			path.includes('continue=next')
				? { kind: 'MCPServerList', metadata: {}, items: [{ metadata: { name: 'c' } }] }
				: {
						kind: 'MCPServerList',
						metadata: { continue: 'next' },
						items: [{ metadata: { name: 'a' } }, { metadata: {} }],
					},
		);
		const names = await look.listServers('MCPServer', ({ metadata }) => (metadata as { name?: string }).name);
		expect(names).to.deep.equal(['a', 'c']);
		expect(asked.map(({ path }) => path.split('?')[1])).to.deep.equal(['limit=100', 'limit=100&continue=next']);
	});
	it('what nobody installed is an empty list, and what is not there undefined', async () => {
		const { look } = looking(() => {
			throw new ApiError('not found', 404);
		});
		expect(await look.listServers('MCPServer', (object) => object)).to.deep.equal([]);
		expect(await look.getCrd('x')).to.equal(undefined);
		expect(await look.keysOfSecret(SECRET)).to.equal(undefined);
		expect(await look.certificateInSecret(SECRET, 'tls.crt')).to.equal(undefined);
		expect(await look.labelsOfNamespace('x')).to.equal(undefined);
	});
	it('whatever it tries to create, it tries in a dry run', async () => {
		const { look, asked } = looking(() => ({}));
		const metadata = { namespace: 'demo', name: 'x' };
		expect(await look.createDryRun({ apiVersion: 'v1', kind: 'ConfigMap', metadata })).to.deep.equal({
			status: 422,
			message: 'no',
			warnings: ['careful'],
		});
		await look.createDryRun({ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPRemoteProxy', metadata });
		expect(asked.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
			'POST /api/v1/namespaces/demo/configmaps?dryRun=All',
			'POST /apis/toolhive.stacklok.dev/v1beta1/namespaces/demo/mcpremoteproxies?dryRun=All',
		]);
	});
	it('sends nothing else but questions of who may do what', async () => {
		const { look, asked } = looking(() => ({}));
		expect(await look.isAllowed('who', ['group'], { verb: 'get' })).to.equal(true);
		expect(asked[0]).to.deep.include({ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews' });
		expect(asked[0]?.body?.['spec']).to.deep.equal({
			user: 'who',
			groups: ['group'],
			resourceAttributes: { verb: 'get' },
		});
	});
	it('of a Secret nothing comes out but names of keys, and certificates', async () => {
		const data = { password: base64('hunter2'), 'tls.crt': base64(`${CERTIFICATE}\nhunter2\n${CERTIFICATE}`) };
		const { look } = looking(() => ({ data }));
		expect(await look.keysOfSecret(SECRET)).to.deep.equal(['password', 'tls.crt']);
		expect(await look.certificateInSecret(SECRET, 'tls.crt')).to.equal(`${CERTIFICATE}\n${CERTIFICATE}`);
		expect(await look.certificateInSecret(SECRET, 'password')).to.equal('');
		expect(await look.certificateInSecret(SECRET, 'none')).to.equal('');
	});
	it('a refusal to show a Secret is its status, and no word of the server', async () => {
		const { look } = looking(() => {
			throw new ApiError('500 for /api/v1: hunter2', 500);
		});
		for (const ask of [look.keysOfSecret(SECRET), look.certificateInSecret(SECRET, 'tls.crt')]) {
			const error: unknown = await ask.catch((reason) => reason);
			expect(error).to.include({ message: 'the API server answers 500', status: 500 });
		}
	});
	it('no call waits for ever, and all of them together neither', async () => {
		const one = looking(() => HANGS, { callMs: 20, totalMs: 10_000 });
		const all = looking(() => HANGS, { callMs: 10_000, totalMs: 20 });
		expect(String(await one.look.getCrd('x').catch((error) => error))).to.equal('Error: no answer within 0.02 s');
		expect(String(await all.look.getCrd('x').catch((error) => error))).to.equal('Error: no answer within 0.02 s');
	});
});
