/** Runs `thv-scaling doctor` with an almost empty API server, and tests the report and the exit code. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { run } from '../../../src/cli/program.ts';
import { type Kubeconfig, writeKubeconfig } from '../../harness/kubeconfig.ts';
import { createTerminal } from '../../harness/terminal.ts';

describe('thv-scaling doctor', function () {
	this.timeout(60_000);
	let server: Server;
	let kubeconfig: Kubeconfig;
	/** Returns the HTTP status for a path. */
	let statusOf: (path: string) => number;
	const EMPTY = (path: string): number => (path === '/version' ? 200 : 404);
	before(async () => {
		const issuer = await issueCa();
		server = createServer(await issueServing(issuer), (request, response) => {
			const status = statusOf(request.url ?? '');
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(status === 200 ? { gitVersion: 'v1.36.1' } : { message: `no: ${status}` }));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		kubeconfig = writeKubeconfig(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, issuer.cert);
	});
	after(() => {
		kubeconfig.remove();
		server.close();
	});

	for (const [title, status, env, isTTY, code, report] of [
		['an empty cluster', EMPTY, {}, false, 1, /^ok {4}API server .*\nfail {2}CRDs /],
		['a terminal', EMPTY, {}, true, 1, /^.\[32mok {2}.\[0m {2}API server/],
		['a terminal, NO_COLOR', EMPTY, { NO_COLOR: '1' }, true, 1, /^ok {4}API server/],
		['no permissions', () => 403, {}, false, 0, /^warn {2}API server {3}the check was not run: .*403/],
	] as const)
		it(`${title} › the report on stdout, exit code ${code}`, async () => {
			statusOf = status;
			const terminal = createTerminal('', env, isTTY);
			expect(await run(['doctor', '--kubeconfig', kubeconfig.path], terminal)).to.equal(code);
			expect(terminal.stdoutText()).to.match(report);
			expect(terminal.stderrText()).to.equal('');
		});
});
