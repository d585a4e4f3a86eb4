/** Runs the clients in the client pod while something happens, and reads what they counted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadOptions, LoadResult } from './mcp/result.ts';
import type { SessionNamespace } from './namespace.ts';
import { CLIENT } from './objects.ts';

export interface Counted {
	readonly sent: number;
	readonly failed: number;
	/** Of them: reset on a kept connection, as when its proxy closes it in the same moment. Only a client can send it again. */
	readonly closing: number;
	/** By client and reason. */
	readonly reasons: Readonly<Record<string, number>>;
	readonly sessions: number;
	readonly sessionsKept: number;
	readonly stateKept: number;
	readonly seconds: number;
}

const LEAD_MS = 3_000;
const AFTERWARDS_MS = 3_000;
const EXEC = ['exec', CLIENT, '--'];
let loads = 0;

export type LoadShape = Pick<LoadOptions, 'urls' | 'clients' | 'atLeast'> &
	Partial<Pick<LoadOptions, 'tool' | 'pauseMs'>>;

/** Counted until `disturb` has resolved and there were enough requests. */
export async function loadDuring(
	namespace: SessionNamespace,
	shape: LoadShape,
	disturb: () => Promise<unknown>,
): Promise<Counted> {
	loads += 1;
	const stopFile = `/tmp/stop-${loads}`;
	const options: LoadOptions = { pauseMs: 60, tool: 'whoami', ...shape, stopFile };
	const running = namespace.kubectl(...EXEC, 'node', 'client.ts', 'load', JSON.stringify(options));
	// Awaited below; a rejection before that is not unhandled.
	running.catch(() => undefined);
	try {
		await sleep(LEAD_MS);
		await disturb();
		await sleep(AFTERWARDS_MS);
	} finally {
		await namespace.kubectl(...EXEC, 'touch', stopFile);
	}
	return countedOf(JSON.parse(await running) as LoadResult);
}

/** One session and one call, as a new client does it. */
export async function callOnce(namespace: SessionNamespace, url: string): Promise<{ text?: string; reason?: string }> {
	return JSON.parse(await namespace.kubectl(...EXEC, 'node', 'client.ts', 'once', url)) as { text?: string };
}

/** A client with new connections has none of these. */
const CLOSING = /^(kept connection|SDK): (ECONNRESET|EPIPE|UND_ERR_SOCKET)$/;

const sumOf = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function countedOf({ sessions, seconds }: LoadResult): Counted {
	const reasons: Record<string, number> = {};
	for (const { client, failed } of sessions)
		for (const [reason, count] of Object.entries(failed)) {
			const key = `${client}: ${reason}`;
			reasons[key] = (reasons[key] ?? 0) + count;
		}
	return {
		sent: sumOf(sessions.map(({ sent }) => sent)),
		failed: sumOf(Object.values(reasons)),
		closing: sumOf(Object.entries(reasons).map(([reason, count]) => (CLOSING.test(reason) ? count : 0))),
		reasons,
		sessions: sessions.length,
		sessionsKept: sessions.filter(({ isSessionKept }) => isSessionKept).length,
		stateKept: sessions.filter(({ isStateKept }) => isStateKept).length,
		seconds,
	};
}

export const describeCounted = ({
	sent,
	failed,
	sessions,
	sessionsKept,
	stateKept,
	seconds,
	reasons,
}: Counted): string =>
	[
		`${failed} of ${sent} failed in ${seconds} s; of ${sessions} sessions ${sessionsKept} kept, ${stateKept} with state`,
		...Object.entries(reasons).map(([reason, count]) => `  ${count} × ${reason}`),
	].join('\n      ');
