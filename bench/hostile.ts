/**
 * `make bench-hostile`: what is left of an ordinary client's rate while somebody does their worst at the same port. `thv-scaling serve` as
 * a process on one core, client and attacker on the other; rates without and with each attack in turn. As `attack NAME PORT` it is the attacker.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueCa, issueServing } from '../certs/issue.ts';
import { startProgram } from '../test/cli/program.ts';
import { writeKubeconfig } from '../test/cluster/kubeconfig.ts';
import { startScriptedApiServer } from '../test/cluster/scripted-api-server.ts';
import { ATTACK_NAMES, ATTACKS, type AttackName } from '../test/http/attacks.ts';
import { createSecretVolume } from '../test/http/secret-volume.ts';
import { reviewWith } from '../test/http/serving.ts';
import { surroundings, textOf } from './account.ts';
import { type Attacked, HOSTILE, type HostileOptions } from './hostile-report.ts';
import { AS_IN_THE_POD } from './installed.ts';
import { residentMib } from './linux-process.ts';
import type { Go, Job, Load } from './load.ts';
import { publish } from './page.ts';
import { median, rounded, spreadOf } from './statistics.ts';

const OPTIONS: HostileOptions = { rounds: 5, durationMs: 1_000, connections: 8, nodeFlags: AS_IN_THE_POD };

async function measure(): Promise<readonly Attacked[]> {
	const authority = await issueCa();
	const volume = createSecretVolume(await issueServing(authority));
	const api = await startScriptedApiServer();
	const kubeconfig = writeKubeconfig(api.url, api.ca);
	const files = ['--tls-dir', volume.folder, '--kubeconfig', kubeconfig.path];
	const serve = ['serve', ...files, '--webhook-port=0', '--metrics-port=0', '--reconcile=false'];
	const program = startProgram(serve, {}, { nodeFlags: OPTIONS.nodeFlags });
	const load = fork(join(import.meta.dirname, 'load.ts'));
	try {
		const port = Number((await program.said('serving'))['webhookPort']);
		await program.said('ready');
		pin(program.process, 0);
		pin(load, 1);
		const body = JSON.stringify(reviewWith());
		const { connections, durationMs } = OPTIONS;
		const job: Job = { port, ca: authority.cert, path: '/mutate?timeout=10s', body, connections, durationMs };
		await rateOf(load, job);
		const rows: Attacked[] = [];
		let going: AttackName | undefined;
		void program.ended.then(({ stderr }) => going !== undefined && diedUnder(going, stderr));
		for (const attack of ATTACK_NAMES) {
			going = attack;
			rows.push(await measureAttack(attack, load, job, program.process.pid ?? 0));
		}
		going = undefined;
		return rows;
	} finally {
		load.disconnect();
		await program.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	}
}

function diedUnder(attack: AttackName, stderr: string): never {
	process.stderr.write(`bench-hostile: the server ended under "${attack}":\n${stderr}\n`);
	process.exit(1);
}

async function measureAttack(attack: AttackName, load: ChildProcess, job: Job, pid: number): Promise<Attacked> {
	const rounds: { without: number; during: number; p99Ms: number }[] = [];
	for (let round = 0; round < OPTIONS.rounds; round += 1) {
		const without = await rateOf(load, job);
		const attacker = fork(import.meta.filename, ['attack', attack, String(job.port)]);
		pin(attacker, 1);
		await once(attacker, 'message');
		const during = await rateOf(load, job);
		const ended = once(attacker, 'exit');
		attacker.disconnect();
		await ended;
		await sleep(500);
		rounds.push({ without: without.rate, during: during.rate, p99Ms: during.p99Ms });
	}
	const ratios = rounds.map(({ without, during }) => during / without);
	const row = {
		attack,
		without: rounded(median(rounds.map(({ without }) => without))),
		during: rounded(median(rounds.map(({ during }) => during))),
		ratio: spreadOf(ratios),
		p99Ms: rounded(median(rounds.map(({ p99Ms }) => p99Ms))),
		peakMib: Math.round(residentMib(pid).peak),
	};
	process.stderr.write(`${attack}: ${row.ratio.median}\n`);
	return row;
}

async function rateOf(load: ChildProcess, job: Job): Promise<{ rate: number; p99Ms: number }> {
	load.send(job);
	await once(load, 'message');
	load.send('go' satisfies Go);
	const [{ requests, seconds, p99Ms }] = (await once(load, 'message')) as [Load];
	return { rate: requests / seconds, p99Ms };
}

/** To one core, where there is a way to say so. */
const pin = ({ pid }: ChildProcess, core: number): void =>
	void spawnSync('taskset', ['--all-tasks', '-cp', String(core), String(pid)]);

const [role, name, attackedPort] = process.argv.slice(2);
if (role === 'attack') {
	const stop = await ATTACKS[name as AttackName](Number(attackedPort));
	process.send?.('going on');
	process.on('disconnect', () => {
		stop();
		process.exit();
	});
} else {
	const around = surroundings();
	const recorded = { ...around, options: OPTIONS, results: await measure() };
	process.stdout.write(`${textOf(HOSTILE, recorded)}\n`);
	await publish(HOSTILE, recorded);
}
