/** A server that is measured, and how it is started: each alone on one core, the load on the other. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Contestant {
	readonly name: string;
	readonly port: number;
	readonly path: string;
	readonly usage: () => Promise<Usage>;
	readonly stop: () => Promise<void>;
}

/** Since it began. */
export interface Usage {
	readonly cpuUs: number;
	readonly rssBytes: number;
}

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

const canPin = spawnSync('taskset', ['-c', String(LOAD_CORE), 'true']).status === 0;

/** `command` on one core, where there is a way to say so. */
export const pinned = (core: number, command: readonly string[]): readonly string[] =>
	canPin ? ['taskset', '-c', String(core), ...command] : command;

/** One of those in server.ts. `folder` holds tls.crt and tls.key. */
export async function startOwn(name: string, folder: string): Promise<Contestant> {
	const child = startNode('server.ts', [name, folder], SERVER_CORE);
	const { port } = await heardFrom<{ port: number }>(child);
	return {
		...{ name, port, path: '/mutate?timeout=5s' },
		usage: () => ask<Usage>(child, 'usage'),
		stop: async () => {
			if (child.connected) child.disconnect();
		},
	};
}

/** A program of this folder that ends when it is disconnected. */
export function startNode(file: string, args: readonly string[], core: number): ChildProcess {
	const [program = '', ...rest] = pinned(core, [process.execPath, join(import.meta.dirname, file), ...args]);
	return spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

export function ask<T>(child: ChildProcess, question: object | string): Promise<T> {
	const answer = heardFrom<T>(child);
	child.send(question);
	return answer;
}

/** The next message of `child`. Rejects when it ends instead. */
async function heardFrom<T>(child: ChildProcess): Promise<T> {
	const heard = new AbortController();
	const { signal } = heard;
	try {
		return await Promise.race([
			once(child, 'message', { signal }).then(([message]) => message as T),
			once(child, 'exit', { signal }).then(([code]) => {
				throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
			}),
		]);
	} finally {
		heard.abort();
	}
}
