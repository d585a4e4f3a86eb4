/** Runs the clients in the client pod during a disturbance, and counts their failures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Counted, LoadOptions } from './mcp/result.ts';
import type { SessionNamespace } from './use-sessions.ts';

const BEFORE_MS = 3_000;
const AFTERWARDS_MS = 3_000;
const EXEC = ['exec', 'client', '--'];
let loads = 0;

interface Load extends Pick<LoadOptions, 'urls' | 'atLeast'> {
	readonly tool?: string;
}

/** Runs the load until `disturb` has resolved and enough requests were sent. Prints the result. */
export async function loadDuring(
	namespace: SessionNamespace,
	load: Load,
	disturb: () => Promise<unknown>,
): Promise<Counted> {
	loads += 1;
	const options: LoadOptions = { tool: 'whoami', ...load, stopFile: `/tmp/stop-${loads}` };
	const running = namespace.kubectl(...EXEC, 'node', 'client.ts', JSON.stringify(options));
	// The promise is awaited below, and may reject earlier.
	running.catch(() => undefined);
	try {
		await sleep(BEFORE_MS);
		await disturb();
		await sleep(AFTERWARDS_MS);
	} finally {
		await namespace.kubectl(...EXEC, 'touch', options.stopFile);
	}
	const counted = JSON.parse(await running) as Counted;
	const { sent, failed, sessions, sessionsKept, stateKept, seconds, reasons } = counted;
	const kept = `sessions: ${sessions}, kept ${sessionsKept}, with state ${stateKept}`;
	process.stdout.write(`      ${failed} of ${sent} failed in ${seconds} s; ${kept}\n`);
	for (const [reason, failures] of Object.entries(reasons)) process.stdout.write(`        ${failures} × ${reason}\n`);
	return counted;
}

export const serviceUrl = ({ name }: SessionNamespace, service: string, port = 8080): string =>
	`http://${service}.${name}.svc.cluster.local:${port}/mcp`;
export const proxyUrl = (namespace: SessionNamespace, server: string): string =>
	serviceUrl(namespace, `mcp-${server}-proxy`);

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
