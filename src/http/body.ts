/** Reads a request body once, into one string, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** The limit allows two objects of 3 MiB, which is the API server's own limit for a request, and their envelope. */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

/**
 * A body up to this length needs no reservation while it is received, because the connection limit bounds the sum of
 * all such bodies.
 */
export const SMALL_BODY_BYTES = 64 * 1024;

/** The sum of all reserved bodies. A parsed body may need twenty times its length, and the heap has 256 MiB. */
export const BODY_BUDGET_BYTES = 8 * 1024 * 1024;

/**
 * Each chunk costs time, even if it is short. In a body with more chunks than this, the chunks must have a minimum
 * average length. The API server exceeds that length, because it fills its packets.
 */
const FEW_CHUNKS = 256;
const LEAST_AVERAGE_BYTES = 64;

/** The body is longer than the limit. */
export class BodyTooLarge extends Error {}

/**
 * The connection was closed before the whole body was received, either by the client or because the chunks were too
 * short.
 */
export class BodyCutOff extends Error {}

/** Returns the length that the client declares. A chunked body declares none and counts as the longest allowed body. */
export const declaredBytes = ({ headers }: IncomingMessage): number =>
	Number(headers['content-length'] ?? BODY_LIMIT_BYTES);

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Reads the body. Rejects with BodyTooLarge or BodyCutOff. Copies the chunks together, so that many small chunks cost
 * no more than their bytes.
 */
export function readBody(request: IncomingMessage): Promise<string> {
	return new Promise((resolve, reject) => {
		let received = NOTHING;
		let length = 0;
		let chunks = 0;
		request.on('data', (chunk: Buffer) => {
			const end = length + chunk.length;
			chunks += 1;
			if (chunks > FEW_CHUNKS && end < chunks * LEAST_AVERAGE_BYTES) {
				request.destroy();
				reject(new BodyCutOff());
				return;
			}
			if (end > BODY_LIMIT_BYTES) {
				// Releases the memory now, because the reservation is released now and the request may last another half
				// minute.
				received = NOTHING;
				// Also prevents later small chunks from being stored.
				length = end;
				reject(new BodyTooLarge());
				return;
			}
			// A body that is received in one chunk is not copied.
			if (length === 0) received = chunk;
			else {
				if (end > received.length) received = grown(received, length, 2 * end);
				chunk.copy(received, length);
			}
			length = end;
		});
		request.on('end', () => resolve(received.toString('utf8', 0, length)));
		request.on('error', () => reject(new BodyCutOff()));
	});
}

function grown(buffer: Buffer, length: number, capacity: number): Buffer {
	const larger = Buffer.allocUnsafe(Math.min(capacity, BODY_LIMIT_BYTES));
	buffer.copy(larger, 0, 0, length);
	return larger;
}

/** How much of a rejected body is read before the connection is closed. */
const DISCARD_BYTES = 4 * BODY_LIMIT_BYTES;

/**
 * Reads the body to its end without storing it, then calls `onEnd`. If the body was already read, calls `onEnd`
 * immediately.
 */
export function discardBody(request: IncomingMessage, onEnd: () => void): void {
	if (request.readableEnded) {
		onEnd();
		return;
	}
	let discarded = 0;
	request.on('data', (chunk: Buffer) => {
		discarded += chunk.length;
		if (discarded > DISCARD_BYTES) request.destroy();
	});
	request.on('end', onEnd);
	request.on('error', () => undefined);
}
