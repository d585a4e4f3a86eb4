/** Calls without end through the API server and the Service, at a steady rate where it can bear that, and whether each came back right. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { serverManifest } from '../../test/harness/namespace.ts';
import { apply } from '../../test/harness/product.ts';

export interface Load {
	readonly stop: () => Promise<Loaded>;
}

export interface Loaded {
	readonly calls: number;
	/** What was said to those that failed. */
	readonly failed: readonly string[];
	readonly seconds: number;
	/** Milliseconds, of all calls. */
	readonly p50: number;
	readonly p99: number;
	readonly max: number;
}

/** Below what makes an API server answer 429, which would say nothing of us: where it falls behind, fewer are asked a second. */
const MAX_UNDER_WAY = 64;
const TICK_MS = 10;
/** Longer than the longest timeoutSeconds of the registrations. */
const CALL_MS = 15_000;
/** What `replicas: 2` without Redis is told: proof that we were asked, and not passed over. */
const EXPECTED_WARNING = 'session-storage-missing';

/** A server that both webhooks are asked about with every change. */
const ASKED = serverManifest('MCPServer', 'asked', { transport: 'sse', replicas: 2 });

/** Each call is a dry-run change that asks both webhooks, so nothing but they and the API server is measured. */
export async function startLoad(plane: ControlPlane, perSecond: number): Promise<Load> {
	await apply(plane, [{ ...ASKED, metadata: { ...ASKED.metadata, namespace: 'default' } }]);
	const dispatcher = new Agent({ connect: { ca: readFileSync(plane.caFile) }, connections: MAX_UNDER_WAY });
	const url = `${plane.url}/apis/toolhive.stacklok.dev/v1beta1/namespaces/default/mcpservers/asked?dryRun=All`;
	const headers = {
		authorization: `Bearer ${plane.token('person')}`,
		'content-type': 'application/merge-patch+json',
	};
	const body = JSON.stringify({ metadata: { annotations: { change: 'of no consequence' } } });
	const times: number[] = [];
	const failed: string[] = [];
	let isStopped = false;
	const call = async (): Promise<void> => {
		const startedMs = performance.now();
		try {
			const answer = await request(url, {
				method: 'PATCH',
				headers,
				body,
				dispatcher,
				headersTimeout: CALL_MS,
				bodyTimeout: CALL_MS,
			});
			const text = await answer.body.text();
			const warnings = String(answer.headers['warning'] ?? '');
			if (answer.statusCode !== 200) failed.push(`${answer.statusCode} ${text}`);
			else if (!warnings.includes(EXPECTED_WARNING)) failed.push('stored without being asked about');
		} catch (error) {
			failed.push(String(error));
		}
		times.push(performance.now() - startedMs);
	};
	const running = (async (): Promise<Loaded> => {
		const startedMs = performance.now();
		const underWay = new Set<Promise<void>>();
		let begun = 0;
		while (!isStopped) {
			const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond);
			for (; begun < due && underWay.size < MAX_UNDER_WAY; begun += 1) {
				const one = call().finally(() => underWay.delete(one));
				underWay.add(one);
			}
			await sleep(TICK_MS);
		}
		const seconds = (performance.now() - startedMs) / 1000;
		await Promise.all(underWay);
		await dispatcher.close();
		await plane.kubectl(['-n', 'default', 'delete', 'mcpserver', 'asked', '--ignore-not-found']);
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
	`${calls} calls in ${Math.round(seconds)} s (${Math.round(calls / seconds)}/s), ${failed.length} failed; p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
