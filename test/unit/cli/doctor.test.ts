/** `thv-scaling doctor` before an API server that knows little: what it prints where, and its exit code. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { run } from '../../../src/cli/program.ts';
import { type Kubeconfig, writeKubeconfig } from '../../harness/kubeconfig.ts';
import { MAIN } from '../../harness/main-file.ts';
import { createTerminal } from '../../harness/terminal.ts';

describe('thv-scaling doctor', function () {
	this.timeout(60_000);
	let server: Server;
	let kubeconfig: Kubeconfig;
	/** Status of the answer to a path; an empty cluster where nobody says otherwise. */
	let statusOf: (path: string) => number;
	const EMPTY = (path: string): number => (path === '/version' ? 200 : 404);
	before(async () => {
		const authority = await issueCa();
		server = createServer(await issueServing(authority), (request, response) => {
			const status = statusOf(request.url ?? '');
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(status === 200 ? { gitVersion: 'v1.36.1' } : { message: `no: ${status}` }));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		kubeconfig = writeKubeconfig(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, authority.cert);
	});
	after(() => {
		kubeconfig.remove();
		server.close();
	});

	const flags = () => ['--kubeconfig', kubeconfig.path];

	it('prints the report on stdout, and fails where a check does', async () => {
		statusOf = EMPTY;
		const terminal = createTerminal();
		expect(await run(['doctor', ...flags()], terminal)).to.equal(1);
		expect(terminal.stdoutText()).to.match(/^ok {4}API server .*\nfail {2}CRDs /);
		expect(terminal.stderrText()).to.equal('');
	});
	it('is coloured on a terminal, unless NO_COLOR says otherwise', async () => {
		statusOf = EMPTY;
		for (const [env, isTTY, isColoured] of [
			[{}, true, true],
			[{}, false, false],
			[{ NO_COLOR: '1' }, true, false],
		] as const) {
			const terminal = createTerminal('', env, isTTY);
			await run(['doctor', ...flags()], terminal);
			expect(terminal.stdoutText().includes('\u001b[')).to.equal(isColoured);
		}
	});
	it('who may not ask for the version may ask for other things', async () => {
		statusOf = () => 403;
		const terminal = createTerminal();
		expect(await run(['doctor', ...flags()], terminal)).to.equal(0);
		expect(terminal.stdoutText()).to.match(/^warn {2}API server {4}the check was not made: .*403/);
	});

	/** A stdout on which each write fails. */
	const failing = (code: string) => {
		const error = Object.assign(new Error(`${code}: it failed`), { code });
		return { ...createTerminal(), stdout: new Writable({ write: (_chunk, _encoding, done) => done(error) }) };
	};
	it('goes on silently where nobody reads, and its exit code is still the verdict', async () => {
		statusOf = EMPTY;
		const terminal = failing('EPIPE');
		expect(await run(['doctor', ...flags()], terminal)).to.equal(1);
		expect(terminal.stderrText()).to.equal('');
		statusOf = () => 403;
		expect(await run(['doctor', ...flags()], failing('EPIPE'))).to.equal(0);
	});
	it('says when stdout cannot be written', async () => {
		statusOf = EMPTY;
		const terminal = failing('ENOSPC');
		expect(await run(['doctor', ...flags()], terminal)).to.equal(2);
		expect(terminal.stderrText()).to.equal('thv-scaling: stdout cannot be written: ENOSPC: it failed\n');
	});

	/** The whole program in a shell; `$@` is its call. */
	const shell = (script: string) =>
		new Promise<{ stdout: string; stderr: string }>((resolve) => {
			const call = [process.execPath, MAIN, 'doctor', ...flags()];
			execFile('bash', ['-c', script, 'bash', ...call], (_error, stdout, stderr) => resolve({ stdout, stderr }));
		});
	it('as a process whose stdout is closed', async () => {
		statusOf = EMPTY;
		// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
		expect(await shell('"$@" | true; echo "${PIPESTATUS[0]}"')).to.deep.equal({ stdout: '1\n', stderr: '' });
	});
	it('as a process whose stdout is full', async function () {
		if (!existsSync('/dev/full')) this.skip();
		statusOf = EMPTY;
		const { stdout, stderr } = await shell('"$@" > /dev/full; echo "$?"');
		expect(stdout).to.equal('2\n');
		expect(stderr).to.match(/^thv-scaling: stdout cannot be written: ENOSPC.*\n$/);
	});
});
