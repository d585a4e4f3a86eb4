/** Defines the JSON that the test and the client pod exchange. */

/**
 * A client that uses plain HTTP with a new connection for each request or with a kept connection, or the official SDK
 * with its GET stream.
 */
export type ClientName = 'new connections' | 'kept connection' | 'SDK';

export interface Answer {
	/** The text that the tool returned, or undefined if the request failed. */
	readonly text?: string;
	readonly reason?: string;
}

export interface LoadOptions {
	readonly urls: readonly string[];
	/** The number of sessions, by client. */
	readonly clients: Readonly<Partial<Record<ClientName, number>>>;
	/** The minimum number of requests. After that, the load ends as soon as the stop file exists. */
	readonly atLeast: number;
	readonly stopFile: string;
	readonly pauseMs: number;
	readonly tool: string;
}

export interface SessionResult {
	readonly client: ClientName;
	readonly sent: number;
	/** The number of failed requests, by reason. */
	readonly failed: Readonly<Record<string, number>>;
	/** Whether a request with the first session id succeeds at the end. */
	readonly isSessionKept: boolean;
	/** Whether the session's number of calls never restarted from the beginning. */
	readonly isStateKept: boolean;
}

export interface LoadResult {
	readonly sessions: readonly SessionResult[];
	readonly seconds: number;
}
