/** Many writers at the same time: every one gets its answer, and what is stored is right for each. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Agent, request } from 'undici';
import { serverManifest } from '../harness/namespace.ts';
import { proxyDeployment } from '../harness/operator-writes.ts';
import { useProduct } from '../harness/use-product.ts';

const WRITERS = 200;
/** pino's number for it. */
const INFO = 30;

describe('many applies on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane, product } = useProduct('parallel');

	it(`${WRITERS} servers and their Deployments applied in parallel › each is answered and stored right`, async () => {
		const dispatcher = new Agent({ connect: { ca: readFileSync(plane().caFile) }, connections: WRITERS });
		const apply = async (path: string, body: object): Promise<Applied> => {
			const url = `${plane().url}/apis/${path}?fieldManager=test&force=true`;
			const headers = {
				authorization: `Bearer ${plane().token('operator')}`,
				'content-type': 'application/apply-patch+yaml',
			};
			const { statusCode, body: answer } = await request(url, {
				method: 'PATCH',
				headers,
				body: JSON.stringify(body),
				dispatcher,
			});
			const object = await answer.json();
			expect(statusCode, JSON.stringify(object)).to.equal(201);
			return object as Applied;
		};
		const inNamespace = `namespaces/${namespace.name}`;
		const stored = await Promise.all(
			Array.from({ length: WRITERS }, async (_, index) => {
				const name = `server-${index}`;
				const spec = { transport: index % 2 === 0 ? 'sse' : 'stdio', replicas: 3 };
				const manifest = serverManifest('MCPServer', name, spec);
				const server = await apply(`toolhive.stacklok.dev/v1beta1/${inNamespace}/mcpservers/${name}`, manifest);
				const owner = { kind: 'MCPServer', name, namespace: namespace.name, uid: server.metadata.uid };
				const deployment = await apply(`apps/v1/${inNamespace}/deployments/${name}`, proxyDeployment(owner));
				return deployment.spec.replicas;
			}),
		);
		await dispatcher.close();
		expect(stored).to.deep.equal(Array.from({ length: WRITERS }, (_, index) => (index % 2 === 0 ? 3 : 1)));
		const failed = (await product().log()).filter(({ level }) => Number(level) > INFO);
		expect(failed).to.deep.equal([]);
	});
});

interface Applied {
	readonly metadata: { readonly uid: string };
	readonly spec: { readonly replicas: number };
}
