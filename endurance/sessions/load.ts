/** Runs the clients in the client pod during a disturbance, and counts their failures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Answer, LoadOptions, LoadResult } from './mcp/result.ts';
import type { SessionNamespace } from './use-sessions.ts';

export interface Counted {
	readonly sent: number;
	readonly failed: number;
	/**
	 * The number of failures on a connection that the proxy closed at the same moment. Only the client can repeat such a
	 * request.
	 */
	readonly closing: number;
	/** The number of failures, by client and reason. */
	readonly reasons: Readonly<Record<string, number>>;
	readonly sessions: number;
	readonly sessionsKept: number;
	readonly stateKept: number;
	readonly seconds: number;
}

const BEFORE_MS = 3_000;
const AFTERWARDS_MS = 3_000;
const EXEC = ['exec', 'client', '--'];
/** Only two clients use the SDK, because the GET stream of each keeps a terminating proxy running. */
const CLIENTS = { 'new connections': 4, 'kept connection': 4, SDK: 2 } as const;
let loads = 0;

/** `server` selects the URLs of its proxies. `urls` replaces them. */
type Load = Pick<LoadOptions, 'atLeast'> &
	Partial<Omit<LoadOptions, 'stopFile'>> &
	({ readonly server: string } | { readonly urls: readonly string[] });

/** Runs the load until `disturb` has resolved and enough requests were sent. Prints the result. */
export async function loadDuring(
	namespace: SessionNamespace,
	load: Load,
	disturb: () => Promise<unknown>,
): Promise<Counted> {
	loads += 1;
	const urls = 'server' in load ? [proxyUrl(namespace, load.server)] : load.urls;
	const defaults = { clients: CLIENTS, pauseMs: 60, tool: 'whoami', urls };
	const options: LoadOptions = { ...defaults, ...load, stopFile: `/tmp/stop-${loads}` };
	const running = namespace.kubectl(...EXEC, 'node', 'client.ts', 'load', JSON.stringify(options));
	// The promise is awaited below, and may reject earlier.
	running.catch(() => undefined);
	try {
		await sleep(BEFORE_MS);
		await disturb();
		await sleep(AFTERWARDS_MS);
	} finally {
		await namespace.kubectl(...EXEC, 'touch', options.stopFile);
	}
	const counted = count(JSON.parse(await running) as LoadResult);
	process.stdout.write(`      ${describeCounted(counted)}\n`);
	return counted;
}

export const serviceUrl = ({ name }: SessionNamespace, service: string, port = 8080, path = '/mcp'): string =>
	`http://${service}.${name}.svc.cluster.local:${port}${path}`;
const proxyUrl = (namespace: SessionNamespace, server: string): string => serviceUrl(namespace, `mcp-${server}-proxy`);

/** Opens a new session and makes one call. */
export const callOnce = async (namespace: SessionNamespace, server: string) =>
	JSON.parse(await namespace.kubectl(...EXEC, 'node', 'client.ts', 'once', proxyUrl(namespace, server))) as Answer;

/** These failures do not occur for clients that open new connections. */
const CLOSING = /^(kept connection|SDK): (ECONNRESET|EPIPE|UND_ERR_SOCKET)$/;

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);

function count({ sessions, seconds }: LoadResult): Counted {
	const reasons: Record<string, number> = {};
	for (const { client, failed } of sessions) {
		for (const [reason, failures] of Object.entries(failed)) {
			const key = `${client}: ${reason}`;
			reasons[key] = (reasons[key] ?? 0) + failures;
		}
	}
	return {
		sent: sum(sessions.map(({ sent }) => sent)),
		failed: sum(Object.values(reasons)),
		closing: sum(Object.entries(reasons).map(([reason, failures]) => (CLOSING.test(reason) ? failures : 0))),
		reasons,
		sessions: sessions.length,
		sessionsKept: sessions.filter(({ isSessionKept }) => isSessionKept).length,
		stateKept: sessions.filter(({ isStateKept }) => isStateKept).length,
		seconds,
	};
}

const describeCounted = ({ sent, failed, sessions, sessionsKept, stateKept, seconds, reasons }: Counted): string =>
	[
		`${failed} of ${sent} failed in ${seconds} s; sessions: ${sessions}, kept ${sessionsKept}, with state ${stateKept}`,
		...Object.entries(reasons).map(([reason, failures]) => `  ${failures} × ${reason}`),
	].join('\n      ');

/**
 * Expects that every session is kept (with its state, if `hasState`). Expects that no request failed, unless `expected`
 * allows failures.
 */
export function expectKept(counted: Counted, expected = 'no failure', hasState = true): void {
	const { failed, closing, reasons, sessions, sessionsKept, stateKept } = counted;
	if (expected === 'no failure') expect(failed - closing, JSON.stringify(reasons)).to.equal(0);
	expect(sessionsKept).to.equal(sessions);
	if (hasState) expect(stateKept).to.equal(sessions);
}
