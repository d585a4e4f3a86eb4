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
	let versionStatus = 200;
	before(async () => {
		const issuer = await issueCa();
		server = createServer(await issueServing(issuer), (request, response) => {
			const status = request.url === '/version' ? versionStatus : 404;
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

	for (const [title, status, env, isTTY, report] of [
		['an empty cluster', 200, {}, false, /^ok {4}API server .*\nfail {2}CRDs /],
		['the version is forbidden', 403, {}, false, /^warn {2}API server {3}the check was not run: .*403/],
		['a terminal', 200, {}, true, /^.\[32mok {2}.\[0m {2}API server/],
		['a terminal, NO_COLOR', 200, { NO_COLOR: '1' }, true, /^ok {4}API server/],
	] as const)
		it(`${title} › the report on stdout, exit code 1`, async () => {
			versionStatus = status;
			const terminal = createTerminal('', env, isTTY);
			expect(await run(['doctor', '--kubeconfig', kubeconfig.path], terminal)).to.equal(1);
			expect(terminal.stdoutText()).to.match(report);
			expect(terminal.stderrText()).to.equal('');
		});
});
