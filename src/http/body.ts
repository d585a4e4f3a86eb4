/** Reads a request body once, into one string, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** Two objects of at most 3 MiB, which is the API server's own limit for a request, and their envelope. */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

/** A body that is longer than the limit. */
export class BodyTooLarge extends Error {}

/** A client that went away before it had sent everything. */
export class BodyCutOff extends Error {}

/** Whether the client says itself that its body is too long. */
export const isTooLong = (request: IncomingMessage): boolean =>
	Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES;

/** How much of a refused body is still read before the connection is cut. */
const DISCARD_BYTES = 4 * BODY_LIMIT_BYTES;

/** Reads to the end and forgets. Calls `onEnd` only when the end came. */
export function discardBody(request: IncomingMessage, onEnd: () => void): void {
	let discarded = 0;
	request.on('data', (chunk: Buffer) => {
		discarded += chunk.length;
		if (discarded > DISCARD_BYTES) request.destroy();
	});
	request.on('end', onEnd);
	request.on('error', () => undefined);
}

/** Rejects with BodyTooLarge or BodyCutOff. What is too long is not kept. */
export function readBody(request: IncomingMessage): Promise<string> {
	return new Promise((resolve, reject) => {
		let chunks: Buffer[] = [];
		let length = 0;
		request.on('data', (chunk: Buffer) => {
			length += chunk.length;
			if (length > BODY_LIMIT_BYTES) {
				chunks = [];
				reject(new BodyTooLarge());
				return;
			}
			chunks.push(chunk);
		});
		request.on('end', () => {
			const [first] = chunks;
			resolve(chunks.length === 1 && first !== undefined ? first.toString() : Buffer.concat(chunks, length).toString());
		});
		request.on('error', () => reject(new BodyCutOff()));
	});
}
