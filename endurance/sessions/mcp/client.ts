/**
 * Sessions under load, in a pod beside the servers. Prints a LoadResult.
 *   client.ts load '{"urls": [...], "clients": {"SDK": 2}, "atLeast": 2000, "pauseMs": 50, "stopFile": "...", "tool": "whoami"}'
 *   client.ts once URL TOOL      opens one raw session, calls once, and prints the answer
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './raw.ts';
import type { ClientName, LoadOptions, LoadResult, SessionResult } from './result.ts';
import { open, type Session } from './session.ts';

/** So long a session is asked again at the end before it counts as lost: proxies may still be starting. */
const FINAL_TRIES = 10;
const FINAL_PAUSE_MS = 1_000;
const MOST_SECONDS = 240;

async function load(options: LoadOptions): Promise<LoadResult> {
	const startedMs = performance.now();
	const passed = (): number => (performance.now() - startedMs) / 1000;
	let total = 0;
	const isOver = (): boolean => passed() > MOST_SECONDS || (total >= options.atLeast && existsSync(options.stopFile));
	const names = Object.entries(options.clients).flatMap(([name, count]) =>
		Array<ClientName>(count).fill(name as ClientName),
	);
	const onSent = (): void => {
		total += 1;
	};
	const results = names.map(async (name): Promise<SessionResult> => {
		let session: Session;
		try {
			session = await open(name, options.urls, options.tool);
		} catch (error) {
			const reason = fixed(String(error));
			return { client: name, sent: 1, failed: { [reason]: 1 }, isSessionKept: false, isStateKept: false };
		}
		return follow(session, name, options.pauseMs, isOver, onSent);
	});
	return { sessions: await Promise.all(results), seconds: Math.round(passed()) };
}

/** Without what differs from request to request. */
const fixed = (reason: string): string =>
	reason
		.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
		.replaceAll(/\d+\.\d+\.\d+\.\d+/g, 'ADDRESS')
		.replaceAll(/"id":\d+/g, '"id":N');

async function follow(
	session: Session,
	client: ClientName,
	pauseMs: number,
	isOver: () => boolean,
	onSent: () => void,
): Promise<SessionResult> {
	const failed: Record<string, number> = {};
	let sent = 0;
	let lastCalls = 0;
	let isStateKept = true;
	const take = ({ text, reason }: Answer): void => {
		sent += 1;
		onSent();
		if (text === undefined) {
			const known = fixed(reason ?? 'unknown');
			failed[known] = (failed[known] ?? 0) + 1;
			return;
		}
		const { calls } = JSON.parse(text) as { calls: number };
		if (calls <= lastCalls) isStateKept = false;
		lastCalls = calls;
	};
	while (!isOver()) {
		take(await session.call());
		await sleep(pauseMs * (0.5 + Math.random()));
	}
	let isSessionKept = false;
	for (let tries = 0; tries < FINAL_TRIES && !isSessionKept; tries += 1) {
		if (tries > 0) await sleep(FINAL_PAUSE_MS);
		const answer = await session.call();
		isSessionKept = answer.text !== undefined;
		// Only the last word counts where the proxies are back; a failure before was counted above.
		if (isSessionKept) take(answer);
	}
	return { client, sent, failed, isSessionKept, isStateKept: isStateKept && isSessionKept };
}

const [command, first = '', tool = 'whoami'] = process.argv.slice(2);
if (command === 'load') {
	process.stdout.write(`${JSON.stringify(await load(JSON.parse(first) as LoadOptions))}\n`);
} else {
	const answer = await open('new connections', [first], tool).then(
		(session) => session.call(),
		(error: Error): Answer => ({ reason: error.message }),
	);
	process.stdout.write(`${JSON.stringify(answer)}\n`);
}
// The SDK's streams would hold it.
process.exit(0);
