/** The webhook of bench/peers/go, built and started. */
import { join } from 'node:path';
import { freePorts, startProgram, waitUntilReady } from '../../test/control-plane/processes.ts';
import { BUILD_FLAGS, runGo } from '../../test/control-plane/run-go.ts';
import { type Contestant, pinned, SERVER_CORE } from '../contestant.ts';
import { built } from './built.ts';
import { isListening } from './listening.ts';
import { usageOf } from './usage.ts';

const SOURCES = join(import.meta.dirname, 'go');
const PROGRAM = 'webhook';

/** `folder` holds tls.crt and tls.key. */
export async function startGoWebhook(folder: string): Promise<Contestant> {
	const at = await built('controller-runtime', SOURCES, async (output) => {
		await runGo(['build', ...BUILD_FLAGS, '-ldflags', '-s -w', '-o', join(output, PROGRAM), '.'], SOURCES, process.env);
	});
	const [port = 0] = await freePorts(1);
	// More threads than cores would only wait for each other.
	const command = ['env', 'GOMAXPROCS=1', join(at, PROGRAM), '--folder', folder, '--port', String(port)];
	const [first = '', ...rest] = pinned(SERVER_CORE, command);
	const program = startProgram('Go', first, rest, join(folder, 'go.log'));
	await waitUntilReady(program, () => isListening(port), 30_000);
	return {
		...{ name: 'Go', port, path: '/mutate?timeout=5s' },
		usage: async () => usageOf(program.pid),
		stop: () => program.stop(5_000),
	};
}
