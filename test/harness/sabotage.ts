/** Loaded before the program (`--import`). On SIGUSR2, performs the action that SABOTAGE names on the HTTPS port. */
import { Server } from 'node:https';

/** Node does not provide a list of its servers. */
let port: Server | undefined;
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
	port = this;
	return Reflect.apply(listen, this, args) as Server;
};

const ACTIONS: Readonly<Record<string, () => unknown>> = {
	/** Stops listening. */
	close: () => port?.close(),
	/** Blocks the event loop. */
	block: () => {
		const endMs = performance.now() + 1_500;
		while (performance.now() < endMs);
	},
};
process.on('SIGUSR2', () => ACTIONS[process.env['SABOTAGE'] ?? '']?.());
