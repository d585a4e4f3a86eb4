/** The JSON that the test and the client pod exchange. */

/** Plain HTTP with a new connection for each request, or with a kept one; or the official SDK with its GET stream. */
export type ClientName = 'new connections' | 'kept connection' | 'SDK';

export interface Answer {
	/** The text of the tool; undefined if the request failed. */
	readonly text?: string;
	readonly reason?: string;
}

export interface LoadOptions {
	readonly urls: readonly string[];
	/** Number of sessions by client. */
	readonly clients: Readonly<Partial<Record<ClientName, number>>>;
	/** The load ends after this number of requests, if the stop file exists. */
	readonly atLeast: number;
	readonly stopFile: string;
	readonly pauseMs: number;
	readonly tool: string;
}

export interface SessionResult {
	readonly client: ClientName;
	readonly sent: number;
	/** Failed requests by reason. */
	readonly failed: Readonly<Record<string, number>>;
	/** In the end, a request with the first session id succeeds. */
	readonly isSessionKept: boolean;
	/** The number of calls never started again. */
	readonly isStateKept: boolean;
}

export interface LoadResult {
	readonly sessions: readonly SessionResult[];
	readonly seconds: number;
}
