/** Installs and builds endurance/bench/peers/pepr, and runs it with Pepr's own controller beside a real API server. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { startControlPlane } from '../../../test/harness/control-plane/start.ts';
import { mustSucceed } from '../../../test/harness/product.ts';
import { type Contestant, startContestant } from '../contestant.ts';
import { built } from './built.ts';

const run = promisify(execFile);
const SOURCES = join(import.meta.dirname, 'pepr');
const API_PATH = 'bench';
const CONTROLLER = 'node_modules/pepr/dist/controller.js';
/** Contains the hash of the built module, which the controller needs as an argument. */
const HASH_FILE = 'hash';

/** `folder` contains tls.crt and tls.key. */
export async function startPepr(folder: string): Promise<Contestant> {
	const module = await built('pepr', SOURCES, build);
	const hash = readFileSync(join(module, HASH_FILE), 'utf8');
	const plane = await startControlPlane();
	const environment = [
		`KUBECONFIG=${plane.kubeconfig('person')}`,
		`SSL_KEY_PATH=${join(folder, 'tls.key')}`,
		`SSL_CERT_PATH=${join(folder, 'tls.crt')}`,
		`PEPR_API_PATH=${API_PATH}`,
		'NODE_ENV=production',
	];
	const preload = ['--import', join(import.meta.dirname, 'end-with-parent.mjs')];
	const node = [process.execPath, ...preload, join(module, CONTROLLER), hash];
	const command = (port: number) => ['env', ...environment, `PORT=${port}`, ...node];
	try {
		await mustSucceed(plane.kubectl(['create', 'namespace', 'pepr-system']));
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

/** Builds in `folder`, which the caller then renames to `finalFolder`. */
async function build(folder: string, finalFolder: string): Promise<void> {
	cpSync(SOURCES, folder, { recursive: true });
	const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
	await run('npm', npm, { cwd: folder });
	await run(process.execPath, ['node_modules/pepr/dist/cli.js', 'build'], { cwd: folder });
	const { pepr } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { pepr: { uuid: string } };
	const code = readFileSync(join(folder, `dist/pepr-${pepr.uuid}.js`));
	const hash = createHash('sha256').update(code).digest('hex');
	mkdirSync(join(folder, 'load'));
	writeFileSync(join(folder, `load/module-${hash}.js.gz`), gzipSync(code));
	writeFileSync(join(folder, HASH_FILE), hash);
	// Pepr's image has all files in /app.
	const controller = readFileSync(join(folder, CONTROLLER), 'utf8');
	writeFileSync(join(folder, CONTROLLER), controller.replaceAll('/app/', `${finalFolder}/`));
}
