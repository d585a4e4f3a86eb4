/** The other side of asker.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Asked, Job, Told } from './asker.ts';

export interface Asker {
	/** Rejects when one answer was not what the job says, and says what it was; it is of no use afterwards. */
	readonly ask: (job: Job) => Promise<Asked>;
	readonly stop: () => void;
}

export function startAsker(): Asker {
	const child = spawn(process.execPath, [join(import.meta.dirname, 'asker.ts')], {
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
	});
	return {
		ask: (job) => asked(child, job),
		stop: () => {
			if (child.connected) child.disconnect();
		},
	};
}

async function asked(child: ChildProcess, job: Job): Promise<Asked> {
	const heard = new AbortController();
	const { signal } = heard;
	try {
		child.send(job);
		const told = await Promise.race([
			once(child, 'message', { signal }).then(([message]) => message as Told),
			once(child, 'exit', { signal }).then(([code]) => ({ error: `ended with ${code}` })),
		]);
		if ('error' in told) throw new Error(`asker: ${told.error}`);
		return told;
	} finally {
		heard.abort();
	}
}
