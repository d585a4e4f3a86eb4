/** What the test and its clients hand each other as JSON. */

/** A raw client with a new connection for each request, one with a kept connection, and that of the official SDK with its GET stream. */
export type ClientName = 'new connections' | 'kept connection' | 'SDK';

export interface SessionResult {
	readonly client: ClientName;
	readonly sent: number;
	/** Requests that failed, by reason. */
	readonly failed: Readonly<Record<string, number>>;
	/** A request with the first session id is answered when all is over. */
	readonly isSessionKept: boolean;
	/** No answer came from a session whose number of calls began again. */
	readonly isStateKept: boolean;
}

export interface LoadResult {
	readonly sessions: readonly SessionResult[];
	readonly seconds: number;
}

export interface LoadOptions {
	readonly urls: readonly string[];
	/** Sessions of each client. */
	readonly clients: Readonly<Partial<Record<ClientName, number>>>;
	/** Requests of all sessions; the load goes on until there are so many, and the stop file exists. */
	readonly atLeast: number;
	readonly pauseMs: number;
	readonly stopFile: string;
	readonly tool: string;
}
