/** The images of these tests, built and brought to the nodes by a command that the caller names. */
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPrograms, type ToolhiveProgram } from '../real-operator/build.ts';
import { findMetricsServer, METRICS_SERVER_VERSION } from './metrics-server/build.ts';

const HERE = import.meta.dirname;

export const MCP_IMAGE = 'localhost/e2e-mcp:1';
export const REDIS_IMAGE = 'localhost/e2e-redis:1';
export const METRICS_SERVER_IMAGE = `localhost/e2e-metrics-server:${METRICS_SERVER_VERSION}`;
export const runnerImage = (version: string): string => `localhost/e2e-proxyrunner:${version}`;
export const vmcpImage = (version: string): string => `localhost/e2e-vmcp:${version}`;

/** The operator runs beside the cluster. */
const programsFor = (env: NodeJS.ProcessEnv): readonly ToolhiveProgram[] =>
	env['SHORT'] ? ['thv-proxyrunner'] : ['thv-proxyrunner', 'vmcp'];

/** `command TAG FOLDER` builds the Dockerfile of the folder and makes the image known to every node. */
export async function buildImages(command: string, version: string, env: NodeJS.ProcessEnv): Promise<void> {
	const say = (line: string): void => void process.stderr.write(`${line}\n`);
	const programs = programsFor(env);
	const built = await findPrograms(env, say, version, ['thv-operator', ...programs]);
	const build = (tag: string, folder: string): Promise<void> => run(command, [tag, folder], env);
	await build(MCP_IMAGE, join(HERE, 'mcp'));
	await build(REDIS_IMAGE, join(HERE, 'redis'));
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
	for (const program of programs) {
		await buildProgram(program === 'vmcp' ? vmcpImage(version) : runnerImage(version), join(built, program));
	}
	// Only the full form has an autoscaler.
	if (!env['SHORT']) await buildProgram(METRICS_SERVER_IMAGE, await findMetricsServer(env, say));
}

/** The command may be several words, so a shell reads it. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
	const child = spawn('bash', ['-c', `${command} "$@"`, 'image', ...args], {
		env,
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code) =>
			code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)),
		);
	});
}
