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
}

/** A limit low enough that the API server does not respond with 429. If the API server is slow, the rate drops. */
const MAX_IN_FLIGHT = 64;
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
	let calls = 0;
	const failed: string[] = [];
	const inFlight = new Set<Promise<void>>();
	const call = async (): Promise<void> => {
		try {
			const { statusCode, headers, body } = await request(url, options);
			const text = await body.text();
			if (statusCode !== 200) failed.push(`${statusCode} ${text}`);
			else if (!String(headers['warning']).includes(TARGET_WARNING)) failed.push('the webhooks were not called');
		} catch (error) {
			failed.push(String(error));
		}
		calls += 1;
	};
	const startedMs = performance.now();
	const timer = setInterval(() => {
		if (inFlight.size >= MAX_IN_FLIGHT) return;
		const one = call().finally(() => inFlight.delete(one));
		inFlight.add(one);
	}, 1_000 / perSecond);
	return {
		stop: async () => {
			clearInterval(timer);
			const seconds = (performance.now() - startedMs) / 1000;
			await Promise.all(inFlight);
			await dispatcher.close();
			await plane.kubectl(['-n', 'default', 'delete', 'mcpserver', name, '--ignore-not-found']);
			return { calls, failed, seconds };
		},
	};
}

export const describeLoad = ({ calls, failed, seconds }: Loaded): string =>
	`${calls} calls in ${Math.round(seconds)} s (${Math.round(calls / seconds)}/s), ${failed.length} failed`;

/** Two cores can handle this rate in addition to the cluster. */
const PER_SECOND = 40;
/** The load continues after the disturbance, so that delayed failures are counted. */
const AFTERWARDS_MS = 4_000;
/** With fewer calls, the absence of failures would prove nothing. */
const MIN_CALLS = 100;

/** Expects that no call fails while `disturb` runs. */
export async function expectNoFailures(plane: ControlPlane, disturb: () => Promise<void>): Promise<void> {
	const load = await startLoad(plane, PER_SECOND);
	let loaded: Loaded;
	try {
		await disturb();
		await sleep(AFTERWARDS_MS);
	} finally {
		loaded = await load.stop();
	}
	process.stdout.write(`      ${describeLoad(loaded)}\n`);
	expect(loaded.failed.slice(0, 3)).to.deep.equal([]);
	expect(loaded.calls).to.be.at.least(MIN_CALLS);
}
