/** For test files: Helm as a person runs it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'mocha';
import { type KubectlResult, runKubectl } from '../control-plane/kubectl.ts';
import { findHelm, type HelmGeneration, HelmMissing } from './build.ts';

/** Building takes minutes where it is not cached. */
const FIRST_BUILD_TIMEOUT_MS = 20 * 60_000;

export interface HelmHow {
	/** Of whom; without it Helm sees no cluster. */
	readonly kubeconfig?: string;
	/** Written to stdin, for `-f -`. */
	readonly input?: string;
}

export type Helm = (args: readonly string[], how?: HelmHow) => Promise<KubectlResult>;

let announced = false;

/**
 * Call it inside a `describe`. Resolves also when Helm fails: look at `code`. Where Helm cannot be had the suite is skipped, with one
 * line on stderr; with CI=true it fails instead.
 */
export function useHelm(generation: HelmGeneration = 'v4'): Helm {
	let program: string | undefined;
	let home = '';
	before(`Helm ${generation}`, async function () {
		this.timeout(FIRST_BUILD_TIMEOUT_MS);
		home = mkdtempSync(join(tmpdir(), 'toolhive-scaling-helm-'));
		const say = (line: string): void => void process.stderr.write(`${line}\n`);
		try {
			program = await findHelm(generation, process.env, say);
		} catch (error) {
			if (!(error instanceof HelmMissing) || process.env['CI'] === 'true') throw error;
			if (!announced) process.stderr.write(`\n!! tests of the Helm chart are SKIPPED: ${error.message}\n\n`);
			announced = true;
			this.skip();
		}
	});
	after(() => rmSync(home, { recursive: true, force: true }));
	return async (args, { kubeconfig = join(home, 'none'), ...how } = {}) => {
		if (program === undefined) throw new Error('Helm is there from the first test on, not while suites are described');
		return runKubectl(program, kubeconfig, home, args, how);
	};
}
