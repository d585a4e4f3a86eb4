import { request as httpRequest, type Server } from 'node:http';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { createHealth } from '../../../src/http/health.ts';
import { listenHttp, shutdown } from '../../../src/http/listen.ts';

describe('http health', () => {
	let server: Server;
	let reasons: string[] = [];
	let text = async (): Promise<string> => 'some_metric 1\n';
	before(async () => {
		server = await listenHttp(
			createHealth(() => reasons, { contentType: 'text/plain; version=0.0.4', text: () => text() }),
			0,
		);
	});
	after(() => shutdown(server));

	const get = (path: string, method = 'GET'): Promise<{ status: number; type: string; body: string }> =>
		new Promise((resolve, reject) => {
			const { port } = server.address() as { port: number };
			const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
				let body = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					body += chunk;
				});
				response.on('end', () =>
					resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
				);
			});
			request.on('error', reject);
			request.end();
		});

	it('is alive, also while it is not ready', async () => {
		reasons = ['mcpservers: not listed yet'];
		expect(await get('/livez')).to.include({ status: 200, body: 'ok\n' });
	});

	it('is ready, or names everything that is missing', async () => {
		reasons = [];
		expect(await get('/readyz')).to.include({ status: 200, body: 'ok\n' });
		reasons = ['mcpservers: not listed yet', 'configmaps: not listed yet'];
		expect(await get('/readyz')).to.include({ status: 503, body: `${reasons.join('\n')}\n` });
	});

	it('shows the metrics as Prometheus wants them', async () => {
		const { status, type, body } = await get('/metrics');
		expect({ status, body }).to.deep.equal({ status: 200, body: 'some_metric 1\n' });
		expect(type).to.contain('version=0.0.4');
	});

	it('answers a metric that cannot be read with 500 and no page of code', async () => {
		text = () => Promise.reject(new Error('planted'));
		const { status, type, body } = await get('/metrics');
		expect(status).to.equal(500);
		expect(type).to.contain('text/plain');
		expect(body).not.to.match(/<html|node_modules|at /);
		expect((await get('/livez')).status).to.equal(200);
	});

	it('knows nothing else', async () => {
		for (const path of ['/', '/mutate', '/healthz']) {
			const { status, type, body } = await get(path);
			expect({ status, body }).to.deep.equal({
				status: 404,
				body: 'nothing here: use /livez, /readyz or /metrics\n',
			});
			expect(type).to.contain('text/plain');
		}
	});
});
