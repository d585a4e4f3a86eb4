/** Defines the JSON that the test and the client pod exchange. */

export interface Answer {
	/** The text that the tool returned, or undefined if the request failed. */
	readonly text?: string;
	readonly reason?: string;
}

export interface LoadOptions {
	readonly urls: readonly string[];
	/** The minimum number of requests. After that, the load ends as soon as the stop file exists. */
	readonly atLeast: number;
	readonly stopFile: string;
	readonly tool: string;
}

export interface Counted {
	readonly sent: number;
	readonly failed: number;
	/**
	 * The number of failures on a connection that the proxy closed at the same moment. Only the client can repeat such a
	 * request.
	 */
	readonly closing: number;
	/** The number of failures, by client and reason. */
	readonly reasons: Readonly<Record<string, number>>;
	readonly sessions: number;
	/** The number of sessions whose first id is still valid at the end. */
	readonly sessionsKept: number;
	/** The number of these sessions whose number of calls never restarted from the beginning. */
	readonly stateKept: number;
	readonly seconds: number;
}
