import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { createClusterReader } from '../../../src/cluster/cluster-reader.ts';
import { ApiError, type Connection } from '../../../src/cluster/connect.ts';

const HANGS = Symbol('hangs');

/** Returns a reader that calls `respond` for each GET. */
function harness(respond: (path: string) => unknown = () => ({}), ...timing: { callMs: number; totalMs: number }[]) {
	const calls: (readonly [string, Json?])[] = [];
	const connection: Pick<Connection, 'get' | 'send' | 'post'> = {
		get: async (path, signal) => {
			calls.push([`GET ${path}`]);
			const value = respond(path);
			if (value !== HANGS) return value;
			signal?.throwIfAborted();
			return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
		},
		send: async (method, path, body) => {
			calls.push([`${method} ${path}`, body as Json]);
			return { status: { allowed: true } };
		},
		post: async (path) => {
			calls.push([`POST ${path}`]);
			return { status: 422, body: { message: 'no' }, warnings: ['careful'] };
		},
	};
	return { calls, reader: createClusterReader(connection, ...timing) };
}

const SECRET = { namespace: 'demo', name: 'redis' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
const failWith = (error: ApiError) => (): never => {
	throw error;
};

describe('cluster reader', () => {
	it('a list › page by page, projected; a page without items, which Go encodes as null › empty', async () => {
		const items = ['a', undefined].map((name) => ({ metadata: { name } }));
		const { reader, calls } = harness((path) =>
			path.includes('continue=next') ? { metadata: {}, items: null } : { metadata: { continue: 'next' }, items },
		);
		const names = await reader.listServers('MCPServer', ({ metadata }) => (metadata as { name?: string }).name);
		expect(names).to.deep.equal(['a']);
		expect(calls.map(([path]) => path.split('?')[1])).to.deep.equal(['limit=100', 'limit=100&continue=next']);
	});

	it('404 › an empty list, or undefined', async () => {
		const { reader } = harness(failWith(new ApiError('not found', 404)));
		expect(await reader.listServers('MCPServer', (object) => object)).to.deep.equal([]);
		const { getCrd, keysOfSecret, certificateInSecret, labelsOfNamespace } = reader;
		const reads = [getCrd('x'), keysOfSecret(SECRET), certificateInSecret(SECRET, 'tls.crt'), labelsOfNamespace('x')];
		expect(await Promise.all(reads)).to.deep.equal(Array(4).fill(undefined));
	});

	it('a creation › a dry run', async () => {
		const { reader, calls } = harness();
		const metadata = { namespace: 'demo', name: 'x' };
		const result = await reader.createDryRun({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
		expect(result).to.deep.equal({ status: 422, message: 'no', warnings: ['careful'] });
		await reader.createDryRun({ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPRemoteProxy', metadata });
		expect(calls).to.deep.equal([
			['POST /api/v1/namespaces/demo/configmaps?dryRun=All'],
			['POST /apis/toolhive.stacklok.dev/v1beta1/namespaces/demo/mcpremoteproxies?dryRun=All'],
		]);
	});

	it('a permission › a SubjectAccessReview', async () => {
		const { reader, calls } = harness();
		expect(await reader.isAllowed('who', ['group'], { verb: 'get' })).to.equal(true);
		const spec = { user: 'who', groups: ['group'], resourceAttributes: { verb: 'get' } };
		const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
		expect(calls).to.deep.equal([['POST /apis/authorization.k8s.io/v1/subjectaccessreviews', review]]);
	});

	it('a Secret › only the names of its keys, and certificates', async () => {
		const data = { password: base64('hunter2'), 'tls.crt': base64(`${CERTIFICATE}\nhunter2\n${CERTIFICATE}`) };
		const { reader } = harness(() => ({ data }));
		expect(await reader.keysOfSecret(SECRET)).to.deep.equal(['password', 'tls.crt']);
		const certificates = ['tls.crt', 'password', 'none'].map((key) => reader.certificateInSecret(SECRET, key));
		expect(await Promise.all(certificates)).to.deep.equal([`${CERTIFICATE}\n${CERTIFICATE}`, '', '']);
	});

	it('a Secret cannot be read › the status, without the message, which may quote it', async () => {
		const { reader } = harness(failWith(new ApiError('500 for /api/v1: hunter2', 500)));
		for (const read of [reader.keysOfSecret(SECRET), reader.certificateInSecret(SECRET, 'tls.crt')]) {
			const error: unknown = await read.catch((reason) => reason);
			expect(error).to.include({ message: 'the API server returns 500', status: 500 });
		}
	});

	for (const timing of [
		{ callMs: 20, totalMs: 10_000 },
		{ callMs: 10_000, totalMs: 20 },
	]) {
		it(`no response, ${JSON.stringify(timing)} › an error after 20 ms`, async () => {
			const reading = harness(() => HANGS, timing).reader.getCrd('x');
			expect(String(await reading.catch((error) => error))).to.equal('Error: no answer within 0.02 s');
		});
	}
});
