/** The version before this one: its manifests out of git, its image from whoever has it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { ClusterMissing } from './existing.ts';

export interface Previous {
	/** A commit or tag of this checkout. */
	readonly ref: string;
	/** Its whole tree, in a temporary folder. */
	readonly folder: string;
}

/** `PREVIOUS`, else the last release. Undefined where there is none. */
export function previousVersion(env: NodeJS.ProcessEnv): Previous | undefined {
	const ref = env['PREVIOUS'] || lastRelease();
	if (ref === undefined) return undefined;
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-previous-'));
	let tree: Buffer;
	try {
		tree = execFileSync('git', ['archive', ref], { cwd: ROOT, maxBuffer: 256 * 2 ** 20, stdio: 'pipe' });
	} catch (cause) {
		throw new ClusterMissing(`PREVIOUS=${ref} is no tag or commit of this checkout`, { cause });
	}
	execFileSync('tar', ['-x', '-C', folder], { input: tree });
	return { ref, folder };
}

function lastRelease(): string | undefined {
	try {
		// Of the commit before: a release is upgraded from the one before it.
		const args = ['describe', '--tags', '--abbrev=0', '--match=v*', 'HEAD^'];
		return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	} catch {
		return undefined;
	}
}
