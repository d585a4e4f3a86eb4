/** `make bench-peers`: repeats the HTTPS measurement with the same webhook in Pepr and in controller-runtime. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD_FLAGS, runGo } from '../../../test/harness/control-plane/run-go.ts';
import { ON_THE_PAGE, type Part } from '../account.ts';
import { type Contestant, startContestant } from '../contestant.ts';
import { h2loadVersion } from '../h2load.ts';
import { HTTPS, type HttpsOptions, type HttpsRow, httpsTable, measureHttps } from '../https.ts';
import { built } from './built.ts';
import { startPepr } from './pepr-module.ts';

const GO_SOURCES = join(import.meta.dirname, 'go');

async function startPeers(folder: string): Promise<Contestant[]> {
	const program = await built('controller-runtime', GO_SOURCES, async (output) => {
		const flags = [...BUILD_FLAGS, '-ldflags', '-s -w', '-o', join(output, 'webhook')];
		await runGo(['build', ...flags, '.'], GO_SOURCES, process.env);
	});
	// The process has one core, on which additional threads would only wait.
	const command = ['env', 'GOMAXPROCS=1', join(program, 'webhook'), '--folder', folder, '--port'];
	const go = await startContestant('Go', folder, (port) => [...command, String(port)]);
	try {
		return [await startPepr(folder), go];
	} catch (error) {
		await go.stop();
		throw error;
	}
}

function peerVersions() {
	const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');
	const [, controllerRuntime = ''] = /controller-runtime v(\S+)/.exec(read('go/go.mod')) ?? [];
	const { dependencies } = JSON.parse(read('pepr/package.json')) as { dependencies: { pepr: string } };
	const go = (spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout ?? '').trim().slice(2);
	return { h2load: h2loadVersion(), 'controller-runtime': controllerRuntime, go, pepr: dependencies.pepr };
}

export const PEERS: Part<HttpsOptions, readonly HttpsRow[]> = {
	...ON_THE_PAGE,
	name: 'peers',
	options: { ...HTTPS.options, rounds: 5, reviews: ['1.5 KB', '13 KB', '50 KB'] },
	shortOptions: { rounds: 1, seconds: 2, reviews: ['1.5 KB', '13 KB'] },
	versions: peerVersions,
	measure: (options) => measureHttps(options, startPeers),
	tables: ({ results }) => httpsTable(results),
};
