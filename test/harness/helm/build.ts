/**
 * Builds Helm from its Go modules, in the versions that `go/` requires, into a cache outside the checkout. Helm 4 uses
 * server-side apply; Helm 3 does not.
 */
import { join } from 'node:path';
import { AssetsMissing } from '../control-plane/assets.ts';
import { cacheFolder } from '../control-plane/cache-folder.ts';
import { buildOnce, type Environment } from '../control-plane/run-go.ts';

/** The versions that `go/` requires. */
export const HELM_VERSIONS = { v4: 'v4.3.1', v3: 'v3.22.0' } as const;
export type HelmGeneration = keyof typeof HELM_VERSIONS;

/** Returns the path of the Helm program, and builds it if the cache does not have it (about 2 minutes on 2 cores). */
export async function findHelm(
	generation: HelmGeneration,
	env: Environment,
	say: (line: string) => void,
): Promise<string> {
	const version = HELM_VERSIONS[generation];
	const source = `helm.sh/helm/${generation}`;
	// Without this flag, the program reports version v4.3.
	const flags = ['-ldflags', `-s -w -X ${source}/internal/version.version=${version}`];
	const program = { module: join(import.meta.dirname, 'go', generation), source: `${source}/cmd/helm`, flags };
	return buildOnce(join(cacheFolder(env, 'helm', version), 'helm'), program, env, say).catch((cause: Error) => {
		throw new AssetsMissing(`no Helm ${version}: ${cause.message.replaceAll(/\s*\n\s*/g, ' ')}`, { cause });
	});
}
