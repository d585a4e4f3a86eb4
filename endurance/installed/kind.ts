/** A cluster of its own, by kind in docker, that has the image of this checkout. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { asEnvironment, needProgram, type PreparedCluster } from './existing.ts';
import type { Previous } from './previous.ts';

const NAME = 'toolhive-scaling-e2e';
/** For images of the tests: builds TAG out of a folder, and brings it to the nodes. */
export const KIND_BUILD_IMAGE = `build() { docker build --tag "$1" "$2" && kind load docker-image --name ${NAME} "$1"; }; build`;
const IMAGE = 'localhost/toolhive-scaling:e2e';
const PREVIOUS_IMAGE = 'localhost/toolhive-scaling:previous';
/** Two workers, so that something can be spread. */
const CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
- role: worker
- role: worker
`;

/** `KIND_IMAGE` is the node image, and so the version of Kubernetes; without it kind's own. */
export async function makeKind(env: NodeJS.ProcessEnv, previous: Previous | undefined): Promise<PreparedCluster> {
	needProgram('docker', env, ['info']);
	needProgram('kind', env);
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-kind-'));
	const config = join(folder, 'kind.yaml');
	const kubeconfig = join(folder, 'kubeconfig');
	writeFileSync(config, CONFIG);
	const remove = async (): Promise<void> => {
		await run('kind', ['delete', 'cluster', '--name', NAME]);
		await rm(folder, { recursive: true, force: true });
	};
	try {
		await run('docker', ['build', '--tag', IMAGE, ROOT]);
		if (previous !== undefined) await run('docker', ['build', '--tag', PREVIOUS_IMAGE, previous.folder]);
		const node = env['KIND_IMAGE'] ? ['--image', env['KIND_IMAGE']] : [];
		await run('kind', [
			'create',
			'cluster',
			'--name',
			NAME,
			'--config',
			config,
			'--kubeconfig',
			kubeconfig,
			'--wait=180s',
			...node,
		]);
		const images = previous === undefined ? [IMAGE] : [IMAGE, PREVIOUS_IMAGE];
		await run('kind', ['load', 'docker-image', '--name', NAME, ...images]);
	} catch (error) {
		await remove();
		throw error;
	}
	const old = previous === undefined ? {} : asEnvironment(previous, PREVIOUS_IMAGE);
	return { env: { KUBECONFIG: kubeconfig, E2E_IMAGE: IMAGE, ...old }, remove };
}

function run(program: string, args: readonly string[]): Promise<void> {
	const child = spawn(program, args, { stdio: 'inherit' });
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code) =>
			code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} ended with ${code}`)),
		);
	});
}
