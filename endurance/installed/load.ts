/** Sends writes through the API server at a steady rate. Each write calls both webhooks of the product. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Agent, request } from 'undici';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { apply } from '../../test/harness/product.ts';
import { TARGET, TARGET_WARNING } from './installation.ts';

export interface Loaded {
	readonly calls: number;
	/** The responses to the calls that failed. */
	readonly failed: readonly string[];
	readonly seconds: number;
	/** Milliseconds over all calls. */
	readonly p50: number;
	readonly p99: number;
	readonly max: number;
}

/** A limit low enough that the API server does not respond with 429. If the API server is slow, the rate drops. */
const MAX_IN_FLIGHT = 64;
const TICK_MS = 10;
/** The value exceeds the longest timeoutSeconds in the webhook configurations. */
const TIMEOUT_MS = 15_000;

/** Each call is a dry run, so that only the API server and the webhooks do work. */
export async function startLoad(plane: ControlPlane, perSecond: number): Promise<{ stop: () => Promise<Loaded> }> {
	const { name } = TARGET.metadata;
	await apply(plane, [{ ...TARGET, metadata: { name, namespace: 'default' } }]);
	const dispatcher = new Agent({ connect: { ca: readFileSync(plane.caFile) }, connections: MAX_IN_FLIGHT });
	const url = `${plane.url}/apis/toolhive.stacklok.dev/v1beta1/namespaces/default/mcpservers/${name}?dryRun=All`;
	const options = {
		method: 'PATCH',
		headers: { authorization: `Bearer ${plane.token('person')}`, 'content-type': 'application/merge-patch+json' },
		body: JSON.stringify({ metadata: { annotations: { change: 'without effect' } } }),
		dispatcher,
		headersTimeout: TIMEOUT_MS,
		bodyTimeout: TIMEOUT_MS,
	} as const;
	const times: number[] = [];
	const failed: string[] = [];
	let isStopped = false;
	const call = async (): Promise<void> => {
		const startedMs = performance.now();
		try {
			const { statusCode, headers, body } = await request(url, options);
			const text = await body.text();
			if (statusCode !== 200) failed.push(`${statusCode} ${text}`);
			else if (!String(headers['warning']).includes(TARGET_WARNING)) failed.push('the webhooks were not called');
		} catch (error) {
			failed.push(String(error));
		}
		times.push(performance.now() - startedMs);
	};
	const running = (async (): Promise<Loaded> => {
		const startedMs = performance.now();
		const inFlight = new Set<Promise<void>>();
		let sent = 0;
		while (!isStopped) {
			const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond);
			for (; sent < due && inFlight.size < MAX_IN_FLIGHT; sent += 1) {
				const one = call().finally(() => inFlight.delete(one));
				inFlight.add(one);
			}
			await sleep(TICK_MS);
		}
		const seconds = (performance.now() - startedMs) / 1000;
		await Promise.all(inFlight);
		await dispatcher.close();
		await plane.kubectl(['-n', 'default', 'delete', 'mcpserver', name, '--ignore-not-found']);
		times.sort((a, b) => a - b);
		const at = (share: number): number => Math.round((times[Math.floor((times.length - 1) * share)] ?? 0) * 10) / 10;
		return { calls: times.length, failed, seconds, p50: at(0.5), p99: at(0.99), max: at(1) };
	})();
	return {
		stop: () => {
			isStopped = true;
			return running;
		},
	};
}

export const describeLoad = ({ calls, failed, seconds, p50, p99, max }: Loaded): string =>
	`${calls} calls in ${Math.round(seconds)} s (${Math.round(calls / seconds)}/s), ${failed.length} failed; ` +
	`p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;

/** Two cores can handle this rate in addition to the cluster. */
const PER_SECOND = 40;
/** The load continues after the disturbance, so that delayed failures are counted. */
const AFTERWARDS_MS = 4_000;
/** With fewer calls, the absence of failures would prove nothing. */
const MIN_CALLS = 100;

/** Expects that no call fails while `disturb` runs. */
export async function expectNoFailures(plane: ControlPlane, disturb: () => Promise<void>): Promise<void> {
	const load = await startLoad(plane, PER_SECOND);
	try {
		await disturb();
		await sleep(AFTERWARDS_MS);
	} finally {
		await load.stop();
	}
	const loaded = await load.stop();
	process.stdout.write(`      ${describeLoad(loaded)}\n`);
	expect(loaded.failed.slice(0, 3)).to.deep.equal([]);
	expect(loaded.calls).to.be.at.least(MIN_CALLS);
}
