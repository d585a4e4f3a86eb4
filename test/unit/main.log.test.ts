/** The log of a real process that says all that it can, while it sees secrets and names that are made to look like more lines. */
import { request } from 'node:https';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { issueCa, issueServing } from '../../certs/issue.ts';
import { writeKubeconfig } from '../harness/kubeconfig.ts';
import { startProgram } from '../harness/program.ts';
import { startScriptedApiServer } from '../harness/scripted-api-server.ts';
import { createSecretVolume } from '../harness/secret-volume.ts';
import { reviewWith } from '../harness/serving.ts';
import { until } from '../harness/until.ts';

const PASSWORD = 'hunter2-is-the-password';
const BEARER = 'bearer-of-the-caller';
const INJECTION = 'a\n{"level":30,"msg":"planted"}\r\u001b[31mred\u2028"x';

describe('thv-scaling serve, log', function () {
	this.timeout(60_000);

	it('at debug, which is all that it can say, through errors of every side: no token, key or password, and no line that a name made', async () => {
		const authority = await issueCa();
		const pair = await issueServing(authority);
		const volume = createSecretVolume(pair);
		const api = await startScriptedApiServer();
		const kubeconfig = writeKubeconfig(api.url, api.ca);
		const flags = [
			'--tls-dir',
			volume.folder,
			'--kubeconfig',
			kubeconfig.path,
			'--log-level',
			'debug',
			'--drain-seconds',
			'0',
		];
		const program = startProgram(['serve', ...flags, '--webhook-port', '0', '--metrics-port', '0'], {
			...{ NODE_DEBUG: '', THV_SCALING_PASSWORD: PASSWORD },
		});
		try {
			const { webhookPort } = await program.said('serving');
			const ask = (body: object): Promise<void> =>
				new Promise((resolve) => {
					const how = {
						host: '127.0.0.1',
						port: Number(webhookPort),
						ca: authority.cert,
						agent: false,
						method: 'POST',
					};
					const headers = { authorization: `Bearer ${BEARER}` };
					const sent = request({ ...how, path: '/mutate?timeout=1s', headers }, (response) => {
						response.resume().on('end', resolve);
					});
					sent.on('error', () => resolve());
					sent.end(JSON.stringify(body));
				});
			await program.said('ready');
			const owner = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'github', uid: 'u' };
			const metadata = { name: 'github', ownerReferences: [owner], annotations: { password: PASSWORD } };
			const spec = { template: { spec: { containers: [{ env: [{ name: 'P', value: PASSWORD }] }] } } };
			const named = { uid: INJECTION, name: INJECTION, kind: { kind: INJECTION }, operation: 'CREATE' };
			await ask(reviewWith({ ...named, object: { metadata, spec } }));
			await ask(reviewWith({ ...named, operation: INJECTION, object: { metadata, spec } }));
			await api.down();
			await ask(reviewWith({ ...named, object: { metadata, spec } }));
			volume.swap({ cert: pair.cert, key: authority.key });
			await program.said('certificate cannot be used, the old one stays');
			await until(() => program.lines().filter(({ msg }) => msg === 'review failed').length >= 1);
			program.process.kill('SIGTERM');
			const { stdout, stderr } = await program.ended.then(
				(ended) => ended,
				() => program.ended,
			);
			const said = stdout + stderr;
			const lines = stdout.split('\n').filter((line) => line !== '');
			// Each is one JSON object, and none is the planted one.
			expect(lines.map((line) => JSON.parse(line).msg)).to.not.include('planted');
			expect(lines.some((line) => JSON.parse(line).name === INJECTION)).to.equal(true);
			// biome-ignore lint/suspicious/noControlCharactersInRegex: that is the question
			expect(said).not.to.match(/\u001b|\r/);
			const secrets = [PASSWORD, BEARER, 'scripted-token', 'PRIVATE KEY', pair.key.split('\n')[1] ?? '', 'containers'];
			expect(secrets.filter((secret) => secret !== '' && said.includes(secret))).to.deep.equal([]);
		} finally {
			await program.kill();
			await api.stop();
			volume.remove();
			kubeconfig.remove();
		}
	});
});
