/** Runs Helm in tests as users run it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'mocha';
import { runKubectl } from '../control-plane/kubectl.ts';
import { orSkip } from '../control-plane/mocha.ts';
import { findHelm, type HelmGeneration } from './build.ts';

const FIRST_BUILD_TIMEOUT_MS = 20 * 60_000;

export type Helm = ReturnType<typeof useHelm>;

/**
 * Must be called inside a `describe`. Without Helm, the suite is skipped with one line on stderr, or fails if CI=true.
 */
export function useHelm(generation: HelmGeneration = 'v4') {
	let program = '';
	let home = '';
	before(`Helm ${generation}`, async function () {
		this.timeout(FIRST_BUILD_TIMEOUT_MS);
		home = mkdtempSync(join(tmpdir(), 'toolhive-scaling-helm-'));
		const say = (line: string): void => void process.stderr.write(`${line}\n`);
		program = await orSkip(this, 'tests of the Helm chart', findHelm(generation, process.env, say));
	});
	after(() => rmSync(home, { recursive: true, force: true }));
	/** Resolves even if Helm fails; check `code`. Without a kubeconfig, Helm has no cluster. */
	return (args: readonly string[], options: { readonly kubeconfig?: string; readonly input?: string } = {}) => {
		const { kubeconfig = join(home, 'none'), ...how } = options;
		return runKubectl(program, kubeconfig, home, args, how);
	};
}
