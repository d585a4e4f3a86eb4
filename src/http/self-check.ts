/**
 * Checks the process's own HTTPS port with one TLS request, as an API server sends it. A process with synced caches may
 * still accept no connection, or serve a certificate that does not match its key.
 */
import { X509Certificate } from 'node:crypto';
import { type RequestOptions, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';

/** Requests to this path are not counted, logged or limited. */
export const SELF_CHECK_PATH = '/round-trip';

/** Shorter than the 3 s timeout of the readiness probe, so that the probe's response can contain the reason. */
export const SELF_CHECK_TIMEOUT_MS = 2_000;
/** How long a result is reused: requests to /readyz are not limited, and a handshake costs a millisecond of CPU. */
const MAX_AGE_MS = 1_000;

export interface SelfCheckOptions {
	readonly server: Pick<Server, 'address'>;
	/** Returns the certificate that the port must serve. */
	readonly certificate: () => Certificate | undefined;
	/** Called once for each reason, and with undefined when the port works again. */
	readonly onChange?: (reason: string | undefined) => void;
	readonly timeoutMs?: number;
	readonly maxAgeMs?: number;
}

/**
 * Returns a function that resolves with the reason why the port is not usable, or with undefined. The function never
 * rejects, and runs one check at a time. Names and dates of the certificate are not checked: all replicas use the same
 * one and would become unready together.
 */
export function createSelfCheck(options: SelfCheckOptions): () => Promise<string | undefined> {
	const {
		server,
		certificate,
		onChange = () => undefined,
		timeoutMs = SELF_CHECK_TIMEOUT_MS,
		maxAgeMs = MAX_AGE_MS,
	} = options;
	let latest: Promise<string | undefined> | undefined;
	let endedMs: number | undefined;
	let known: string | undefined;

	const run = async (): Promise<string | undefined> => {
		const address = server.address() as AddressInfo | null;
		// If the port is closed, another process may use it by now.
		const reason = address === null ? 'the port is closed' : await check(address.port, certificate, timeoutMs);
		endedMs = performance.now();
		if (reason !== known) onChange(reason);
		known = reason;
		return reason;
	};
	return () => {
		const isOld = endedMs !== undefined && performance.now() - endedMs > maxAgeMs;
		if (latest === undefined || isOld) {
			endedMs = undefined;
			latest = run();
		}
		return latest;
	};
}

function check(
	port: number,
	certificate: () => Certificate | undefined,
	timeoutMs: number,
): Promise<string | undefined> {
	const how: RequestOptions = {
		host: '127.0.0.1',
		port,
		path: SELF_CHECK_PATH,
		// Uses a new connection: an existing one would not prove that the next one succeeds.
		agent: false,
		// The certificate is for the names of the Service, so it is compared with the loaded one instead of verified.
		rejectUnauthorized: false,
	};
	const before = certificate();
	return new Promise((resolve) => {
		const asked = request(how, (response) => {
			const shown = (response.socket as TLSSocket).getPeerX509Certificate();
			response.on('error', () => undefined).resume();
			// The certificate may have changed since the request began.
			const isOurs = [before, certificate()].some((one) => one !== undefined && isSame(shown, one));
			if (response.statusCode !== 200) resolve(`answers ${response.statusCode}`);
			else resolve(isOurs ? undefined : 'serves another certificate than the loaded one');
		});
		const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
		asked.once('close', () => clearTimeout(timer));
		asked.on('error', ({ message }) => resolve(message.split('\n', 1)[0]));
		asked.end();
	});
}

const isSame = (shown: X509Certificate | undefined, { cert }: Certificate): boolean =>
	shown?.raw.equals(new X509Certificate(cert).raw) === true;
