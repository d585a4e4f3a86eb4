/** The module of endurance/bench/peers/pepr: installed, built, and run by Pepr's own controller beside a real API server. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type ControlPlane, startControlPlane } from '../../../test/harness/control-plane/start.ts';
import { type Contestant, startContestant } from '../contestant.ts';
import { built } from './built.ts';

const SOURCES = join(import.meta.dirname, 'pepr');
const API_PATH = 'bench';
const CONTROLLER = 'node_modules/pepr/dist/controller.js';
/** Where the built module lies, by its hash, which the controller wants to be told. */
const HASH_FILE = 'hash';

/** `folder` holds tls.crt and tls.key. */
export async function startPepr(folder: string): Promise<Contestant> {
	const at = await built('pepr', SOURCES, build);
	const hash = readFileSync(join(at, HASH_FILE), 'utf8');
	const plane = await startControlPlane();
	try {
		const { code, stderr } = await plane.kubectl(['create', 'namespace', 'pepr-system']);
		if (code !== 0) throw new Error(`kubectl create namespace: ${stderr}`);
		const preload = ['--import', join(import.meta.dirname, 'end-with-parent.mjs')];
		const node = [process.execPath, ...preload, join(at, CONTROLLER), hash];
		const command = (port: number) => ['env', ...environment(plane, folder, port), ...node];
		const contestant = await startContestant('Pepr', folder, command, `/mutate/${API_PATH}`);
		const stop = async (): Promise<void> => {
			await contestant.stop();
			await plane.stop();
		};
		return { ...contestant, stop };
	} catch (error) {
		await plane.stop();
		throw error;
	}
}

const environment = (plane: ControlPlane, folder: string, port: number): string[] => [
	`KUBECONFIG=${plane.kubeconfig('person')}`,
	`SSL_KEY_PATH=${join(folder, 'tls.key')}`,
	`SSL_CERT_PATH=${join(folder, 'tls.crt')}`,
	`PEPR_API_PATH=${API_PATH}`,
	`PORT=${port}`,
	'NODE_ENV=production',
];

/** Into `folder`, which will be `finalFolder`. */
async function build(folder: string, finalFolder: string): Promise<void> {
	cpSync(SOURCES, folder, { recursive: true });
	await run(folder, 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
	await run(folder, process.execPath, ['node_modules/pepr/dist/cli.js', 'build']);
	const { pepr } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { pepr: { uuid: string } };
	const code = readFileSync(join(folder, `dist/pepr-${pepr.uuid}.js`));
	const hash = createHash('sha256').update(code).digest('hex');
	mkdirSync(join(folder, 'load'));
	writeFileSync(join(folder, `load/module-${hash}.js.gz`), gzipSync(code));
	writeFileSync(join(folder, HASH_FILE), hash);
	// In its image everything lies in /app, which is not ours to write here.
	const controller = readFileSync(join(folder, CONTROLLER), 'utf8');
	writeFileSync(join(folder, CONTROLLER), controller.replaceAll('/app/', `${finalFolder}/`));
}

async function run(cwd: string, command: string, args: readonly string[]): Promise<void> {
	const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
	child.on('error', () => {});
	const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
	if (code !== 0)
		throw new Error(
			`${command} ${args.join(' ')} in ${cwd} ended with ${code}: ${(complaint + output).trim().slice(-1000)}`,
		);
}
