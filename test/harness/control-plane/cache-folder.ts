/** Cache of downloaded and built programs, outside the checkout. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './run-go.ts';

/**
 * Returns the folder in the user's cache for one version of `what` on this platform and architecture. The folder may
 * not exist.
 */
export function cacheFolder(env: Environment, what: string, version: string): string {
	const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
	const arch = process.arch === 'x64' ? 'amd64' : process.arch;
	return join(base, 'toolhive-scaling', what, `${version}-${process.platform}-${arch}`);
}
