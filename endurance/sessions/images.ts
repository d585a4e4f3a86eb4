/** Builds the images for the scenarios with BUILD_IMAGE. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printProgress, runShell } from '../installed/prepare-cluster.ts';
import { findProgram } from '../real-operator/build.ts';
import { findMetricsServer, METRICS_SERVER_IMAGE } from './metrics-server.ts';

const HERE = import.meta.dirname;

export const MCP_IMAGE = 'localhost/e2e-mcp:1';
const REDIS_IMAGE = 'localhost/e2e-redis:1';
export const runnerImage = (version: string): string => `localhost/e2e-proxyrunner:${version}`;
export const vmcpImage = (version: string): string => `localhost/e2e-vmcp:${version}`;

/** The short form needs no vMCP and no autoscaler. The operator runs outside the cluster. */
export async function buildImages(command: string, version: string, env: NodeJS.ProcessEnv): Promise<void> {
	const find = (name: 'thv-proxyrunner' | 'vmcp') => findProgram(env, printProgress, version, name);
	const build = (tag: string, folder: string): Promise<void> => runShell(command, [tag, folder], env);
	const buildProgram = async (tag: string, program: string): Promise<void> => {
		const folder = await mkdtemp(join(tmpdir(), 'toolhive-scaling-image-'));
		try {
			await copyFile(join(HERE, 'program/Dockerfile'), join(folder, 'Dockerfile'));
			await copyFile(program, join(folder, 'program'));
			await build(tag, folder);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	};
	await build(MCP_IMAGE, join(HERE, 'mcp'));
	await build(REDIS_IMAGE, join(HERE, 'redis'));
	await buildProgram(runnerImage(version), await find('thv-proxyrunner'));
	if (env['SHORT']) return;
	await buildProgram(vmcpImage(version), await find('vmcp'));
	await buildProgram(METRICS_SERVER_IMAGE, await findMetricsServer(env));
}
