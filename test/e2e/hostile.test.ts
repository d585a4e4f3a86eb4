/** While somebody does their worst at the port, everybody else is answered, and the process stays as small as its pod. */
import { Agent, request } from 'node:https';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { AS_IN_THE_POD } from '../../endurance/bench/installed.ts';
import { residentMib } from '../../endurance/bench/linux-process.ts';
import { ATTACK_NAMES, under } from '../harness/attacks.ts';
import { type Kubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { type Program, startProgram } from '../harness/program.ts';
import { type ScriptedApiServer, startScriptedApiServer } from '../harness/scripted-api-server.ts';
import { createSecretVolume, type SecretVolume } from '../harness/secret-volume.ts';
import { reviewWith } from '../harness/serving.ts';

/** The pod's 512 MiB, and what the sources cost more than what is compiled: Node keeps both. Twenty bombs took 2.2 GiB. */
const MOST_MIB = 720;
const FOR_MS = 500;

describe('thv-scaling serve under attack', function () {
	this.timeout(120_000);
	let authority: KeyPair;
	let volume: SecretVolume;
	let api: ScriptedApiServer;
	let kubeconfig: Kubeconfig;
	let program: Program;
	let port: number;
	const agent = new Agent({ keepAlive: true, maxSockets: 4 });
	before(async () => {
		authority = await issueCa();
		volume = createSecretVolume(await issueServing(authority));
		api = await startScriptedApiServer();
		kubeconfig = writeKubeconfig(api.url, api.ca);
		const ports = ['--webhook-port', '0', '--metrics-port', '0', '--reconcile=false'];
		const files = ['--tls-dir', volume.folder, '--kubeconfig', kubeconfig.path];
		program = startProgram(['serve', ...files, ...ports], {}, { nodeFlags: AS_IN_THE_POD });
		port = Number((await program.said('serving'))['webhookPort']);
		await program.said('ready');
	});
	after(async () => {
		agent.destroy();
		await program.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	});
	afterEach(() => {
		expect(program.process.exitCode).to.equal(null);
		expect(mostMib()).to.be.below(MOST_MIB);
	});

	/** Memory that it had at most until now. */
	const mostMib = (): number => residentMib(program.process.pid ?? 0).peak;

	const ask = (uid: string): Promise<string> =>
		new Promise((resolve) => {
			const how = { host: '127.0.0.1', port, ca: authority.cert, method: 'POST', path: '/mutate?timeout=10s', agent };
			const sent = request(how, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					text += chunk;
				});
				response.on('end', () => resolve(response.statusCode === 200 ? JSON.parse(text).response.uid : text));
			});
			sent.on('error', (error) => resolve(String(error)));
			sent.end(JSON.stringify(reviewWith({ uid })));
		});

	/** Four clients, one request after the other; resolves with what was not answered as it should. */
	async function goOn(): Promise<{ answered: number; wrong: string[] }> {
		const endMs = performance.now() + FOR_MS;
		const wrong: string[] = [];
		let answered = 0;
		const client = async (id: number): Promise<void> => {
			for (let count = 0; performance.now() < endMs || count < 3; count += 1) {
				const uid = `good-${id}-${count}`;
				const said = await ask(uid);
				if (said !== uid) wrong.push(said);
				answered += 1;
			}
		};
		await Promise.all([1, 2, 3, 4].map(client));
		return { answered, wrong };
	}

	for (const name of ATTACK_NAMES) {
		it(`${name}: every other review is answered`, async () => {
			const { answered, wrong } = await under(name, port, goOn);
			expect(wrong).to.deep.equal([]);
			expect(answered).to.be.above(11);
		});
	}

	it('look-ups that others cause reach the API server so often and not more', async () => {
		const before = api.asked.length;
		const startedMs = performance.now();
		await under('look-ups of servers that do not exist', port, goOn);
		const seconds = (performance.now() - startedMs) / 1000;
		// Two versions each, a hundred at once and twenty a second.
		expect(api.asked.length - before).to.be.within(10, 2 * (100 + 20 * (seconds + 1)));
	});

	it('says nothing of what speaks no TLS, and of anything else no more than that it failed', () => {
		const messages = new Set(program.lines().map(({ msg }) => msg));
		messages.delete('resource is not installed, waiting for it');
		expect(
			[...messages].filter((msg) => !['serving', 'ready', 'review', 'review failed'].includes(String(msg))),
		).to.deep.equal([]);
	});
});
