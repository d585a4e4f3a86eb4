/** Loaded before the program (`--import`). On SIGUSR2, closes the HTTPS port. */
import { Server } from 'node:https';

/** Node does not provide a list of its servers. */
let port: Server | undefined;
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
	port = this;
	return Reflect.apply(listen, this, args) as Server;
};
process.on('SIGUSR2', () => port?.close());
