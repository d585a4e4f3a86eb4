/**
 * Runs sessions under load, in a pod in the cluster of the servers. Reads LoadOptions as JSON from its argument, and
 * prints the result, which is a Counted.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Counted, LoadOptions } from './result.ts';
import { type ClientName, open } from './session.ts';

/** Only two clients use the whole SDK, because the GET stream of each keeps a terminating proxy running. */
const CLIENTS = { 'new connections': 4, 'kept connection': 4, SDK: 2 };
const PAUSE_MS = 60;
/** Proxies may still be starting when the load ends. */
const FINAL_TRIES = 10;
const FINAL_PAUSE_MS = 1_000;
const MAX_SECONDS = 240;
/** These failures do not occur for clients that open new connections. */
const CLOSING = /^(kept connection|SDK): (ECONNRESET|EPIPE|UND_ERR_SOCKET)$/;

async function load({ urls, tool, atLeast, stopFile }: LoadOptions): Promise<Counted> {
	const startedMs = performance.now();
	const elapsed = (): number => (performance.now() - startedMs) / 1000;
	const total = { sent: 0, failed: 0, closing: 0, sessions: 0, sessionsKept: 0, stateKept: 0 };
	const reasons: Record<string, number> = {};
	const isOver = (): boolean => elapsed() > MAX_SECONDS || (total.sent >= atLeast && existsSync(stopFile));

	const run = async (client: ClientName): Promise<void> => {
		total.sessions += 1;
		let [lastCalls, isStateKept] = [0, true];
		const count = ({ text, reason = 'unknown' }: Answer): void => {
			total.sent += 1;
			if (text === undefined) {
				const key = `${client}: ${withoutIds(reason)}`;
				reasons[key] = (reasons[key] ?? 0) + 1;
				total.failed += 1;
				if (CLOSING.test(key)) total.closing += 1;
				return;
			}
			const { calls } = JSON.parse(text) as { calls: number };
			if (calls <= lastCalls) isStateKept = false;
			lastCalls = calls;
		};
		const call = await open(client, urls, tool).catch((error) => count({ reason: String(error) }));
		if (call === undefined) return;
		while (!isOver()) {
			count(await call());
			await sleep(PAUSE_MS * (0.5 + Math.random()));
		}
		for (let tries = 0; tries < FINAL_TRIES; tries += 1) {
			if (tries > 0) await sleep(FINAL_PAUSE_MS);
			const answer = await call();
			// A proxy that is still starting is not a failure.
			if (answer.text === undefined) continue;
			count(answer);
			total.sessionsKept += 1;
			if (isStateKept) total.stateKept += 1;
			return;
		}
	};
	const names = Object.entries(CLIENTS).flatMap(([name, count]) => Array<ClientName>(count).fill(name as ClientName));
	await Promise.all(names.map(run));
	return { ...total, reasons, seconds: Math.round(elapsed()) };
}

/** Removes ids, so that all requests with the same cause have the same reason. */
const withoutIds = (reason: string): string =>
	reason
		.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
		.replaceAll(/\d+\.\d+\.\d+\.\d+/g, 'ADDRESS')
		.replaceAll(/"id":\d+/g, '"id":N');

const result = await load(JSON.parse(process.argv[2] ?? '') as LoadOptions);
process.stdout.write(`${JSON.stringify(result)}\n`);
// Exits explicitly, because the SDK's streams would keep the process running.
process.exit(0);
