/** A status condition a rule wants on a server. Types, reasons and messages are upstream ToolHive's (v0.13.0). */
export interface Condition {
	readonly type: string;
	readonly status: 'True' | 'False';
	readonly reason: string;
	readonly message: string;
	/** Only turns an existing condition; never makes a new one. */
	readonly isOnlyIfPresent?: true;
}
