/** Loaded before the program (`--import`): does what SABOTAGE names to its HTTPS port on SIGUSR2. */
import { Server } from 'node:https';

/** Node has no list of its servers. */
let port: Server | undefined;
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
	port = this;
	return Reflect.apply(listen, this, args) as Server;
};

const DEEDS: Readonly<Record<string, () => unknown>> = {
	/** Nobody listens any more. */
	close: () => port?.close(),
	/** Something computes for a long time. */
	block: () => {
		const endMs = performance.now() + 1_500;
		while (performance.now() < endMs);
	},
};
process.on('SIGUSR2', () => DEEDS[process.env['SABOTAGE'] ?? '']?.());
