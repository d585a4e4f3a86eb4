/**
 * Declares parts of undici. The index module of undici also loads fetch, WebSocket, caches and mocks, which a Pod does
 * not need.
 */
declare module 'undici/lib/dispatcher/agent.js' {
	import { Agent } from 'undici';
	export = Agent;
}

declare module 'undici/lib/api/index.js' {
	import type { Dispatcher } from 'undici';
	export function request(this: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
}
