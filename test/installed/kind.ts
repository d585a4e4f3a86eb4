/** A cluster of its own, by kind in docker, that has the image of this checkout. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/product.ts';
import { needProgram, type PreparedCluster } from './existing.ts';

const NAME = 'toolhive-scaling-e2e';
const IMAGE = 'localhost/toolhive-scaling:e2e';
/** Two workers, so that something can be spread. */
const CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
- role: worker
- role: worker
`;

/** `KIND_IMAGE` is the node image, and so the version of Kubernetes; without it kind's own. */
export async function makeKind(env: NodeJS.ProcessEnv): Promise<PreparedCluster> {
	needProgram('docker', env, ['info']);
	needProgram('kind', env);
	needProgram('kubectl', env);
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
		await run('kind', ['load', 'docker-image', '--name', NAME, IMAGE]);
	} catch (error) {
		await remove();
		throw error;
	}
	return { env: { KUBECONFIG: kubeconfig, E2E_IMAGE: IMAGE }, remove };
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
