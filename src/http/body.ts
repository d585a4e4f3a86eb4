/** Reads a request body once, into one string, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** Two objects of at most 3 MiB, which is the API server's own limit for a request, and their envelope. */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

/** Up to this length a body needs no reservation while it is received: the limit of connections bounds all of them. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** Of all bodies that have a reservation. Parsed, a body may be twenty times as large, and the heap has 256 MiB. */
export const BODY_BUDGET_BYTES = 8 * 1024 * 1024;

/** Each chunk costs time however short it is. A body of more chunks than this must have longer ones; an API server fills its packets. */
const FEW_CHUNKS = 256;
const LEAST_AVERAGE_BYTES = 64;

/** The body is longer than the limit. */
export class BodyTooLarge extends Error {}

/** The connection was closed before the whole body was received: by the client, or because it sent very short chunks. */
export class BodyCutOff extends Error {}

/** As the client declares it. A chunked body declares none and counts as the longest that is allowed. */
export const declaredBytes = ({ headers }: IncomingMessage): number =>
	Number(headers['content-length'] ?? BODY_LIMIT_BYTES);

const NOTHING: Buffer = Buffer.alloc(0);

/** Rejects with BodyTooLarge or BodyCutOff. Copies the pieces together, so that many small ones cost no more than their bytes. */
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
				// Its reservation is released now, and the request may go on for half a minute.
				received = NOTHING;
				// So that a later small chunk is not stored either.
				length = end;
				reject(new BodyTooLarge());
				return;
			}
			// A body in one piece is not copied.
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

/** How much of a rejected body is still read before the connection is closed. */
const DISCARD_BYTES = 4 * BODY_LIMIT_BYTES;

/** Reads to the end without keeping anything, then calls `onEnd`; at once if the body was read already. */
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
