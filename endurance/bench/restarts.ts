/**
 * `make bench-restarts KUBECONFIG= IMAGE=`: measures failed calls and latencies in a cluster while the product's pods
 * restart and the CA is rotated.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { applyCrds } from '../../test/harness/product.ts';
import { openCluster } from '../installed/cluster.ts';
import { currentVersion, kustomizeInstallation, waitForWebhooks } from '../installed/installation.ts';
import { describeLoad, startLoad } from '../installed/load.ts';
import { metricsOf, restart, runningPods, secondsToReady } from '../installed/pods.ts';
import { withCluster } from '../installed/prepare-cluster.ts';
import { caDueForRotation, readSecret, replaceCa } from '../installed/secret.ts';
import { numberFrom, wholeFrom } from './variables.ts';

const RESTARTS = wholeFrom('RESTARTS', 20, 1);
/** Each write calls both webhooks. */
const PER_SECOND = numberFrom('PER_SECOND', 260, 1);
const CALM_MS = 20_000;
const ROTATION_MS = 120_000;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function underLoad(plane: ControlPlane, name: string, disturb: () => Promise<void>) {
	const load = await startLoad(plane, PER_SECOND);
	await disturb();
	const { failed, seconds, ...loaded } = await load.stop();
	print(`${name}: ${describeLoad({ failed, seconds, ...loaded })}`);
	for (const failure of new Set(failed)) print(`  ${failure.slice(0, 300)}`);
	const reviewsPerSecond = Math.round((2 * loaded.calls) / seconds);
	return { name, ...loaded, seconds: Math.round(seconds), failed: failed.length, reviewsPerSecond };
}

/** Returns the mean memory of the pods. */
async function memoryMib(plane: ControlPlane): Promise<number> {
	const metrics = await metricsOf(plane);
	const bytes = metrics.map((text) => Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]));
	return Math.round(bytes.reduce((sum, one) => sum + one, 0) / bytes.length / 2 ** 20);
}

async function measure(plane: ControlPlane) {
	const startTimes = (await runningPods(plane)).map(secondsToReady);
	const memoryPerPodMib = { atRest: await memoryMib(plane), underLoad: 0, afterAll: 0 };
	const calm = await underLoad(plane, 'undisturbed', async () => {
		await sleep(CALM_MS);
		memoryPerPodMib.underLoad = await memoryMib(plane);
	});
	const restarts = await underLoad(plane, `${RESTARTS} rolling restarts`, async () => {
		for (let count = 0; count < RESTARTS; count += 1) {
			await restart(plane);
			startTimes.push(...(await runningPods(plane)).map(secondsToReady));
		}
	});
	const ca = await caDueForRotation();
	await replaceCa(plane, ca);
	const rotation = await underLoad(plane, 'a new CA and serving certificate', async () => {
		await eventually(async () => expect((await readSecret(plane))['ca.crt']).not.to.equal(ca.cert), ROTATION_MS);
		// The measurement includes calls with the new certificate.
		await sleep(CALM_MS);
	});
	memoryPerPodMib.afterAll = await memoryMib(plane);
	const secondsToStart = { least: Math.min(...startTimes), most: Math.max(...startTimes), pods: startTimes.length };
	return { rows: [calm, restarts, rotation], secondsToReady: secondsToStart, memoryPerPodMib };
}

await withCluster('make bench-restarts', { ...process.env, CLUSTER: 'existing' }, false, async (env) => {
	const plane = await openCluster(env, mkdtempSync(join(tmpdir(), 'toolhive-scaling-restarts-')));
	const installation = kustomizeInstallation(plane, currentVersion(env.E2E_IMAGE));
	try {
		await applyCrds(plane);
		await installation.install();
		await waitForWebhooks(plane);
		const figures = {
			cpu: cpus()[0]?.model ?? 'unknown',
			cores: cpus().length,
			date: new Date().toISOString().slice(0, 10),
			writesPerSecond: PER_SECOND,
			...(await measure(plane)),
		};
		print(JSON.stringify(figures, undefined, 2));
		writeFileSync(join(import.meta.dirname, 'results/restarts.json'), `${JSON.stringify(figures, undefined, '\t')}\n`);
	} finally {
		await installation.uninstall();
		await plane.stop();
		await rm(plane.dataFolder, { recursive: true, force: true });
	}
});
