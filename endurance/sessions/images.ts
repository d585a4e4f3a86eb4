/** Builds the images for the scenarios with BUILD_IMAGE. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printProgress, runShell } from '../installed/prepare-cluster.ts';
import { findOperator, findProgram } from '../real-operator/build.ts';

const HERE = import.meta.dirname;

export const MCP_IMAGE = 'localhost/e2e-mcp:1';
const REDIS_IMAGE = 'localhost/e2e-redis:1';
export const runnerImage = (version: string): string => `localhost/e2e-proxyrunner:${version}`;
export const vmcpImage = (version: string): string => `localhost/e2e-vmcp:${version}`;

/** The short form needs no vMCP. The operator runs outside the cluster. */
export async function buildImages(command: string, version: string, env: NodeJS.ProcessEnv): Promise<void> {
	const images = { 'thv-proxyrunner': runnerImage(version), ...(!env['SHORT'] && { vmcp: vmcpImage(version) }) };
	const programs = Object.keys(images) as (keyof typeof images)[];
	await findOperator(env, printProgress, version);
	const build = (tag: string, folder: string): Promise<void> => runShell(command, [tag, folder], env);
	await build(MCP_IMAGE, join(HERE, 'mcp'));
	await build(REDIS_IMAGE, join(HERE, 'redis'));
	for (const program of programs) {
		const folder = await mkdtemp(join(tmpdir(), 'toolhive-scaling-image-'));
		try {
			await copyFile(join(HERE, 'program/Dockerfile'), join(folder, 'Dockerfile'));
			await copyFile(await findProgram(env, printProgress, version, program), join(folder, 'program'));
			await build(images[program] as string, folder);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	}
}
