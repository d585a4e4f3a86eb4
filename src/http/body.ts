/** Reads a request body once, into one string, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** Two objects of at most 3 MiB, which is the API server's own limit for a request, and their envelope. */
export const BODY_LIMIT_BYTES = 7 * 1024 * 1024;

/** A body that is longer than the limit. */
export class BodyTooLarge extends Error {}

/** All bodies together are as large as we want to hold. */
export class BodiesTooLarge extends Error {}

/** Bytes of all bodies that have not arrived whole. Anybody who reaches the port can send; a pod has 512 MiB. */
const HELD_LIMIT_BYTES = 32 * 1024 * 1024;

/** What a piece costs besides its bytes, so that a body of single bytes costs what it takes. */
const PIECE_BYTES = 512;
/** Of more pieces the average is as large, or they were made to keep us busy: a packet carries a thousand bytes, and the API server fills it. */
const FEW_PIECES = 256;
const LEAST_AVERAGE_BYTES = 64;

/** One body on its way. `giveWay` ends it, because others need its room. */
export interface Holder {
	readonly giveWay: () => void;
}

/**
 * Counts what is held. Where there is no room, the body that began first gives way: one that an API server sends is here at once, so
 * it is the slow ones that go, and nobody can keep the room by being slow.
 */
export interface Held {
	/** Whether so much more fits now. */
	readonly take: (holder: Holder, bytes: number) => boolean;
	/** All that `holder` took. */
	readonly give: (holder: Holder) => void;
}

export function createHeld(limitBytes = HELD_LIMIT_BYTES): Held {
	// In the order in which they began.
	const holders = new Map<Holder, number>();
	let heldBytes = 0;
	const give = (holder: Holder): void => {
		heldBytes -= holders.get(holder) ?? 0;
		holders.delete(holder);
	};
	return {
		take: (holder, bytes) => {
			while (heldBytes + bytes > limitBytes) {
				const [oldest] = holders.keys();
				if (oldest === undefined || oldest === holder) return false;
				give(oldest);
				oldest.giveWay();
			}
			heldBytes += bytes;
			holders.set(holder, (holders.get(holder) ?? 0) + bytes);
			return true;
		},
		give,
	};
}

/** A client that went away before it had sent everything. */
export class BodyCutOff extends Error {}

/** Whether the client says itself that its body is too long. */
export const isTooLong = (request: IncomingMessage): boolean =>
	Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES;

/** How much of a refused body is still read before the connection is cut. */
const DISCARD_BYTES = 4 * BODY_LIMIT_BYTES;

/** Reads to the end and forgets. Calls `onEnd` only when the end came; at once where it is there. */
export function discardBody(request: IncomingMessage, onEnd: () => void): void {
	if (request.readableEnded) {
		onEnd();
		return;
	}
	let discarded = 0;
	request.on('data', (chunk: Buffer) => {
		discarded += chunk.length + PIECE_BYTES;
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
		let isOver = false;
		const end = (settle: () => void): void => {
			isOver = true;
			held.give(holder);
			settle();
			chunks = [];
		};
		const holder: Holder = { giveWay: () => end(() => reject(new BodiesTooLarge())) };
		request.on('data', (chunk: Buffer) => {
			if (isOver) return;
			length += chunk.length;
			if (chunks.length > FEW_PIECES && length < chunks.length * LEAST_AVERAGE_BYTES) request.destroy();
			if (length > BODY_LIMIT_BYTES) end(() => reject(new BodyTooLarge()));
			else if (held.take(holder, chunk.length + PIECE_BYTES)) chunks.push(chunk);
			else holder.giveWay();
		});
		request.on('end', () => {
			if (isOver) return;
			const [first] = chunks;
			const isOne = chunks.length === 1 && first !== undefined;
			end(() => resolve(isOne ? first.toString() : Buffer.concat(chunks, length).toString()));
		});
		request.on('error', () => end(() => reject(new BodyCutOff())));
	});
}
