/** Reads a request body once, into one string, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** Two objects of at most 3 MiB, which is the API server's own limit for a request, and their envelope. */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

/** A body that is longer than the limit. */
export class BodyTooLarge extends Error {}

/** All bodies that are being received or answered are together as large as we want to hold. */
export class BodiesTooLarge extends Error {}

/** Bytes of all bodies at one time. Anybody who reaches the port can send; a pod has 512 MiB. */
const HELD_LIMIT_BYTES = 64 * 1024 * 1024;

/** Counts what is held. `take` says whether so much more fits; what was taken is given back. */
export interface Held {
	readonly take: (bytes: number) => boolean;
	readonly give: (bytes: number) => void;
}

export function createHeld(limitBytes = HELD_LIMIT_BYTES): Held {
	let heldBytes = 0;
	return {
		take: (bytes) => {
			if (heldBytes + bytes > limitBytes) return false;
			heldBytes += bytes;
			return true;
		},
		give: (bytes) => {
			heldBytes -= bytes;
		},
	};
}

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

/** Rejects with BodyTooLarge, BodiesTooLarge or BodyCutOff. What is refused is not kept; `held` gets back what it gave. */
export function readBody(request: IncomingMessage, held: Held): Promise<string> {
	return new Promise((resolve, reject) => {
		let chunks: Buffer[] = [];
		let length = 0;
		let taken = 0;
		const end = (settle: () => void): void => {
			held.give(taken);
			taken = 0;
			settle();
			chunks = [];
		};
		let isRefused = false;
		request.on('data', (chunk: Buffer) => {
			if (isRefused) return;
			length += chunk.length;
			const isTooLarge = length > BODY_LIMIT_BYTES;
			if (isTooLarge || !held.take(chunk.length)) {
				isRefused = true;
				end(() => reject(isTooLarge ? new BodyTooLarge() : new BodiesTooLarge()));
				return;
			}
			taken += chunk.length;
			chunks.push(chunk);
		});
		request.on('end', () => {
			const [first] = chunks;
			const isOne = chunks.length === 1 && first !== undefined;
			end(() => resolve(isOne ? first.toString() : Buffer.concat(chunks, length).toString()));
		});
		request.on('error', () => end(() => reject(new BodyCutOff())));
	});
}
