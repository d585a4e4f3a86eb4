/**
 * Whether our own HTTPS port answers: one request over TLS, as the API server makes them. The process may be well and listed everything,
 * and yet accept nothing, or show no certificate that belongs to its key.
 */
import { X509Certificate } from 'node:crypto';
import { type RequestOptions, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';

/** Answered before anything is counted, logged or limited. */
export const ROUND_TRIP_PATH = '/round-trip';

/** Below the 3 s of the readiness probe, so that the reason gets through. */
export const LIMIT_MS = 2_000;
/** Whoever reaches /readyz may ask as often as they like; a handshake costs a millisecond of CPU. */
const BELIEVED_MS = 1_000;

export interface RoundTripOptions {
	readonly server: Pick<Server, 'address'>;
	/** The one that must be shown. */
	readonly certificate: () => Certificate | undefined;
	/** Told once for each reason, and with undefined when it is over. */
	readonly onChange?: (reason: string | undefined) => void;
	readonly limitMs?: number;
	readonly believedMs?: number;
}

/**
 * Why the port cannot be used, undefined where it can. Never rejects. One trip at a time, and its result counts for a moment.
 * Neither names nor dates of the certificate are looked at: DESIGN.md says why.
 */
export function createRoundTrip(options: RoundTripOptions): () => Promise<string | undefined> {
	const { server, certificate, onChange = () => undefined, limitMs = LIMIT_MS, believedMs = BELIEVED_MS } = options;
	let latest: Promise<string | undefined> | undefined;
	let endedMs: number | undefined;
	let known: string | undefined;

	const make = async (): Promise<string | undefined> => {
		const address = server.address() as AddressInfo | null;
		// The kernel would give the port to somebody else.
		const reason = address === null ? 'the port is closed' : await travel(address.port, certificate, limitMs);
		endedMs = performance.now();
		if (reason !== known) onChange(reason);
		known = reason;
		return reason;
	};
	return () => {
		const isOld = endedMs !== undefined && performance.now() - endedMs > believedMs;
		if (latest === undefined || isOld) {
			endedMs = undefined;
			latest = make();
		}
		return latest;
	};
}

function travel(
	port: number,
	certificate: () => Certificate | undefined,
	limitMs: number,
): Promise<string | undefined> {
	const how: RequestOptions = {
		host: '127.0.0.1',
		port,
		path: ROUND_TRIP_PATH,
		// A connection of its own: a kept one would prove nothing about the next.
		agent: false,
		// It is for the names of the Service. What matters here is whether it is the one that we hold.
		rejectUnauthorized: false,
	};
	const before = certificate();
	return new Promise((resolve) => {
		const asked = request(how, (response) => {
			const shown = (response.socket as TLSSocket).getPeerX509Certificate();
			response.on('error', () => undefined).resume();
			// It may have changed on the way.
			const isOurs = [before, certificate()].some((one) => one !== undefined && isSame(shown, one));
			if (response.statusCode !== 200) resolve(`answers ${response.statusCode}`);
			else resolve(isOurs ? undefined : 'shows another certificate than the one that was loaded');
		});
		const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
		asked.once('close', () => clearTimeout(timer));
		asked.on('error', ({ message }) => resolve(message.split('\n', 1)[0]));
		asked.end();
	});
}

const isSame = (shown: X509Certificate | undefined, { cert }: Certificate): boolean =>
	shown?.raw.equals(new X509Certificate(cert).raw) === true;
