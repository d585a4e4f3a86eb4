/**
 * Runs sessions under load, in a pod in the cluster of the servers.
 *   client.ts load OPTIONS   runs the load in OPTIONS (LoadOptions as JSON), and prints a LoadResult
 *   client.ts once URL       opens one session without the SDK, and prints the response to one call
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ClientName, LoadOptions, LoadResult, SessionResult } from './result.ts';
import { open, type Session } from './session.ts';

/** Proxies may still be starting when the load ends. */
const FINAL_TRIES = 10;
const FINAL_PAUSE_MS = 1_000;
const MAX_SECONDS = 240;

async function load({ urls, clients, tool, pauseMs, atLeast, stopFile }: LoadOptions): Promise<LoadResult> {
	const startedMs = performance.now();
	const elapsed = (): number => (performance.now() - startedMs) / 1000;
	let total = 0;
	const isOver = (): boolean => elapsed() > MAX_SECONDS || (total >= atLeast && existsSync(stopFile));
	const names = (Object.keys(clients) as ClientName[]).flatMap((name) =>
		Array<ClientName>(clients[name] ?? 0).fill(name),
	);
	const run = async (client: ClientName): Promise<SessionResult> => {
		let session: Session;
		try {
			session = await open(client, urls, tool);
		} catch (error) {
			const failed = { [withoutIds(String(error))]: 1 };
			return { client, sent: 1, failed, isSessionKept: false, isStateKept: false };
		}
		const counter = createCounter();
		while (!isOver()) {
			counter.add(await session.call());
			total += 1;
			await sleep(pauseMs * (0.5 + Math.random()));
		}
		for (let tries = 0; tries < FINAL_TRIES; tries += 1) {
			if (tries > 0) await sleep(FINAL_PAUSE_MS);
			const answer = await session.call();
			// A proxy that is still starting is not a failure.
			if (answer.text === undefined) continue;
			counter.add(answer);
			return { client, isSessionKept: true, ...counter.result() };
		}
		return { client, ...counter.result(), isSessionKept: false, isStateKept: false };
	};
	const sessions = await Promise.all(names.map(run));
	return { sessions, seconds: Math.round(elapsed()) };
}

function createCounter() {
	const failed: Record<string, number> = {};
	let [sent, lastCalls, isStateKept] = [0, 0, true];
	return {
		add: ({ text, reason = 'unknown' }: Answer): void => {
			sent += 1;
			if (text === undefined) {
				const key = withoutIds(reason);
				failed[key] = (failed[key] ?? 0) + 1;
				return;
			}
			const { calls } = JSON.parse(text) as { calls: number };
			if (calls <= lastCalls) isStateKept = false;
			lastCalls = calls;
		},
		result: () => ({ sent, failed, isStateKept }),
	};
}

/** Removes ids, so that all requests with the same cause have the same reason. */
const withoutIds = (reason: string): string =>
	reason
		.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
		.replaceAll(/\d+\.\d+\.\d+\.\d+/g, 'ADDRESS')
		.replaceAll(/"id":\d+/g, '"id":N');

async function once(url: string): Promise<Answer> {
	try {
		return await (await open('new connections', [url], 'whoami')).call();
	} catch (error) {
		return { reason: String(error) };
	}
}

const [command, first = ''] = process.argv.slice(2);
const result = command === 'load' ? await load(JSON.parse(first) as LoadOptions) : await once(first);
process.stdout.write(`${JSON.stringify(result)}\n`);
// Exits explicitly, because the SDK's streams would keep the process running.
process.exit(0);
