/** The module of bench/peers/pepr: installed, built, and run by Pepr's own controller beside a real API server. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { freePorts, startProgram, waitUntilReady } from '../../test/control-plane/processes.ts';
import { type ControlPlane, startControlPlane } from '../../test/control-plane/start.ts';
import { type Contestant, pinned, SERVER_CORE } from '../contestant.ts';
import { built } from './built.ts';
import { usageOf } from './usage.ts';

const SOURCES = join(import.meta.dirname, 'pepr');
const API_PATH = 'bench';
const CONTROLLER = 'node_modules/pepr/dist/controller.js';
/** Where the built module lies, by its hash, which the controller wants to be told. */
const HASH_FILE = 'hash';
/** It asks the API server at a random moment of its first 3 s, then waits for a watch. */
const READY_MS = 60_000;

/** `folder` holds tls.crt and tls.key. PEPR_LOG= is a file for what it logs, which is much; nowhere without it, as for the product. */
export async function startPepr(folder: string): Promise<Contestant> {
	const at = await built('pepr', SOURCES, build);
	const hash = readFileSync(join(at, HASH_FILE), 'utf8');
	const [port = 0] = await freePorts(1);
	const plane = await startControlPlane();
	try {
		const { code, stderr } = await plane.kubectl(['create', 'namespace', 'pepr-system']);
		if (code !== 0) throw new Error(`kubectl create namespace: ${stderr}`);
		const settings = environment(plane, folder, port);
		const node = [
			process.execPath,
			'--import',
			join(import.meta.dirname, 'end-with-parent.mjs'),
			join(at, CONTROLLER),
			hash,
		];
		const [first = '', ...rest] = pinned(SERVER_CORE, ['env', ...settings, ...node]);
		const program = startProgram(
			'Pepr (PEPR_LOG=FILE keeps its log)',
			first,
			rest,
			process.env['PEPR_LOG'] ?? '/dev/null',
		);
		const ca = readFileSync(join(folder, 'ca.crt'), 'utf8');
		await waitUntilReady(program, () => isReady(port, ca), READY_MS);
		return {
			...{ name: 'Pepr', port, path: `/mutate/${API_PATH}?timeout=5s` },
			usage: async () => usageOf(program.pid),
			stop: async () => {
				await program.stop(0);
				await plane.stop();
			},
		};
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

/** Its routes are there only when it has its store. */
async function isReady(port: number, ca: string): Promise<boolean> {
	const asked = request({ host: '127.0.0.1', port, path: '/healthz', ca, agent: false }).end();
	try {
		const [{ statusCode }] = (await once(asked, 'response')) as [{ statusCode: number }];
		return statusCode === 200;
	} catch {
		return false;
	} finally {
		asked.destroy();
	}
}

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
