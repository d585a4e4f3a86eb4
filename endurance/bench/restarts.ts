/**
 * `make bench-restarts KUBECONFIG= IMAGE=`: rolling restarts, and a renewal of the authority, of the product in pods of a cluster,
 * while the API server asks it without end. How many calls failed, and how long they took.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { metricOf } from '../../test/harness/metrics.ts';
import { applyCrds } from '../../test/harness/product.ts';
import { useCluster } from '../installed/cluster.ts';
import { ClusterMissing, needUnused, type PreparedCluster, removeCrds, useExisting } from '../installed/existing.ts';
import { isTrusted } from '../installed/harness.ts';
import { byKustomize, currentVersion, metricsOf, podsOf, restart } from '../installed/installation.ts';
import { describeLoad, type Loaded, startLoad } from '../installed/load.ts';
import { pastItsTime, plantAuthority, storedData } from '../installed/secret.ts';
import { numberFrom, wholeFrom } from './variables.ts';

const RESTARTS = wholeFrom('RESTARTS', 20, 1);
/** Each asks twice: mutating and validating. */
const PER_SECOND = numberFrom('PER_SECOND', 260, 1);
const CALM_MS = 20_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { KUBECONFIG, E2E_IMAGE: IMAGE } = await prepared();
const plane = await useCluster(KUBECONFIG, mkdtempSync(join(tmpdir(), 'toolhive-scaling-restarts-')));
const installation = byKustomize(plane, currentVersion(IMAGE));
await applyCrds(plane);
await installation.install();
await isTrusted(plane);

async function under(name: string, disturb: () => Promise<void>): Promise<Row> {
	const load = await startLoad(plane, PER_SECOND);
	await disturb();
	const loaded = await load.stop();
	say(`${name}: ${describeLoad(loaded)}`);
	for (const failure of new Set(loaded.failed)) say(`  ${failure.slice(0, 300)}`);
	const { failed, ...rest } = loaded;
	return {
		name,
		...rest,
		seconds: Math.round(loaded.seconds),
		failed: failed.length,
		reviewsPerSecond: Math.round((2 * loaded.calls) / loaded.seconds),
	};
}
type Row = Omit<Loaded, 'failed'> & {
	readonly name: string;
	readonly failed: number;
	readonly reviewsPerSecond: number;
};

const memory = async (): Promise<number> =>
	Math.round((await metricOf({ metrics: () => metricsOf(plane) }, 'process_resident_memory_bytes')) / 2 ** 21);
const ready = async (): Promise<number[]> =>
	(await podsOf(plane)).map(({ status }) => {
		const { startedAt = '' } = status.containerStatuses[0]?.state.running ?? {};
		const since = status.conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
		return (Date.parse(since) - Date.parse(startedAt)) / 1000;
	});

async function prepared(): Promise<PreparedCluster['env']> {
	try {
		const { env } = useExisting(process.env, undefined);
		await needUnused(process.env['KUBECTL'] ?? 'kubectl', env);
		return env;
	} catch (error) {
		if (!(error instanceof ClusterMissing)) throw error;
		process.stderr.write(`make bench-restarts: ${error.message}\n`);
		process.exit(2);
	}
}

try {
	const secondsToReady = await ready();
	const atRestMib = await memory();
	let underLoadMib = 0;
	const calm = await under('undisturbed', async () => {
		await sleep(CALM_MS);
		underLoadMib = await memory();
	});
	const restarts = await under(`${RESTARTS} rolling restarts`, async () => {
		for (let count = 0; count < RESTARTS; count += 1) {
			await restart(plane);
			secondsToReady.push(...(await ready()));
		}
	});
	const planted = await plantAuthority(plane, await pastItsTime());
	const rotation = await under('a new authority and certificate', async () => {
		while ((await storedData(plane))['ca.crt'] === planted) await sleep(500);
		// Until every pod has it, and the API server has asked with it.
		await sleep(CALM_MS);
	});
	const figures = {
		cpu: cpus()[0]?.model ?? 'unknown',
		cores: cpus().length,
		date: new Date().toISOString().slice(0, 10),
		writesPerSecond: PER_SECOND,
		rows: [calm, restarts, rotation],
		secondsToReady: {
			least: Math.min(...secondsToReady),
			most: Math.max(...secondsToReady),
			pods: secondsToReady.length,
		},
		memoryPerPodMib: { atRest: atRestMib, underLoad: underLoadMib, afterAll: await memory() },
	};
	say(JSON.stringify(figures, undefined, 2));
	writeFileSync(join(import.meta.dirname, 'results/restarts.json'), `${JSON.stringify(figures, undefined, '\t')}\n`);
} finally {
	await installation.uninstall();
	await plane.stop();
	await removeCrds(process.env['KUBECTL'] ?? 'kubectl', { KUBECONFIG, E2E_IMAGE: IMAGE });
	await rm(plane.dataFolder, { recursive: true, force: true });
}
