/** `make bench-peers`: the measurement over HTTPS once more, with webhooks of the same behaviour made with Pepr and controller-runtime. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant } from '../contestant.ts';
import { HTTPS_OPTIONS, type HttpsOptions, type HttpsRow, measureHttps, SHORT_HTTPS_OPTIONS } from '../https.ts';
import { httpsPlots, httpsTables, timesTable } from '../https-report.ts';
import { ON_THE_PAGE, type Part } from '../part.ts';
import { startGoWebhook } from './go-webhook.ts';
import { startPepr } from './pepr-module.ts';

export const measurePeers = (options: HttpsOptions): Promise<HttpsRow[]> => measureHttps(options, startPeers);

async function startPeers(folder: string): Promise<Contestant[]> {
	const go = await startGoWebhook(folder);
	try {
		return [await startPepr(folder), go];
	} catch (error) {
		await go.stop();
		throw error;
	}
}

const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');
const peprVersion = (): string =>
	(JSON.parse(read('pepr/package.json')) as { dependencies: { pepr: string } }).dependencies.pepr;

function goVersions() {
	const [, controllerRuntime = ''] = /controller-runtime v(\S+)/.exec(read('go/go.mod')) ?? [];
	return {
		'controller-runtime': controllerRuntime,
		go: spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout.trim().slice(2),
	};
}

export const PEERS: Part<HttpsOptions, readonly HttpsRow[]> = {
	...ON_THE_PAGE,
	name: 'peers',
	options: { ...HTTPS_OPTIONS, rounds: 7, connections: [1, 8, 64] },
	shortOptions: SHORT_HTTPS_OPTIONS,
	versions: async () => ({ ...goVersions(), pepr: peprVersion() }),
	measure: measurePeers,
	tables: ({ results }) =>
		[
			"Ours against each: requests a second (medians), then CPU time a request (each one's quietest round).",
			timesTable(results),
			httpsTables(results),
		].join('\n\n'),
	plots: (recorded) => httpsPlots('peers', recorded),
};
