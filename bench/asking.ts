/** The other side of asker.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Asked, Job } from './asker.ts';

export interface Asker {
	/** Rejects when one answer was not what the job says; what it was stands on stderr. */
	readonly ask: (job: Job) => Promise<Asked>;
	readonly stop: () => void;
}

export function startAsker(): Asker {
	const child = spawn(process.execPath, [join(import.meta.dirname, 'asker.ts')], {
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
	});
	return { ask: (job) => asked(child, job), stop: () => child.disconnect() };
}

async function asked(child: ChildProcess, job: Job): Promise<Asked> {
	if (child.exitCode !== null) throw new Error(`the asker ended with ${child.exitCode}`);
	const heard = new AbortController();
	const { signal } = heard;
	try {
		child.send(job);
		return await Promise.race([
			once(child, 'message', { signal }).then(([message]) => message as Asked),
			once(child, 'exit', { signal }).then(([code]) => {
				throw new Error(`the asker ended with ${code}`);
			}),
		]);
	} finally {
		heard.abort();
	}
}
