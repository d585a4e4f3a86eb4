/**
 * This file is loaded before the program. It forces garbage collection, so that the soak measures only memory in use.
 * PLANT= adds a leak, which `make soak` must find.
 */
import { openSync } from 'node:fs';
import { Server } from 'node:https';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
setInterval(runInNewContext('gc') as () => void, 5_000).unref();

const kept: unknown[] = [];
let count = 0;
const PLANTS: Readonly<Record<string, () => void>> = {
	/** Keeps four kilobytes for each request. */
	heap: () => void kept.push(Array.from({ length: 512 }, () => Math.random())),
	/** Opens a file for every twentieth request and never closes it. */
	descriptors: () => {
		count += 1;
		if (count % 20 === 0) kept.push(openSync('/dev/null', 'r'));
	},
};
const plant = PLANTS[process.env['PLANT'] ?? ''];
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
	if (plant !== undefined) this.on('request', plant);
	return Reflect.apply(listen, this, args) as Server;
};
