import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createHealth } from '../../../src/http/health.ts';
import { listenHttp, shutdown } from '../../../src/http/listen.ts';

const METRICS = 'some_metric 1\n';
const REASONS = ['mcpservers: not listed yet', 'configmaps: not listed yet'];
const UNKNOWN = 'not found: use /livez, /readyz or /metrics\n';

describe('health port', () => {
	let server: Server;
	let reasons: string[];
	let metrics: () => Promise<string>;
	before(async () => {
		const contentType = 'text/plain; version=0.0.4';
		server = await listenHttp(
			createHealth(() => reasons, { contentType, text: () => metrics() }),
			0,
		);
	});
	after(() => shutdown(server));

	const failing = (): Promise<string> => Promise.reject(new Error('planted'));
	for (const [title, path, unready, text, status, body] of [
		['not ready', '/livez', REASONS, METRICS, 200, 'ok\n'],
		['ready', '/readyz', [], METRICS, 200, 'ok\n'],
		['not ready', '/readyz', REASONS, METRICS, 503, `${REASONS.join('\n')}\n`],
		['not ready', '/metrics', REASONS, METRICS, 200, METRICS],
		['a metric cannot be read', '/metrics', [], undefined, 500, 'internal error\n'],
		['any other path', '/', [], METRICS, 404, UNKNOWN],
	] as const) {
		it(`${path} › ${title} › ${status} ${JSON.stringify(body)}`, async () => {
			reasons = [...unready];
			metrics = text === undefined ? failing : async () => text;
			const { port } = server.address() as AddressInfo;
			const response = await fetch(`http://127.0.0.1:${port}${path}`);
			expect([response.status, await response.text()]).to.deep.equal([status, body]);
			expect(response.headers.get('content-type')).to.contain('text/plain');
			if (body === METRICS) expect(response.headers.get('content-type')).to.contain('version=0.0.4');
			expect(response.headers.get('x-powered-by')).to.equal(null);
		});
	}
});
