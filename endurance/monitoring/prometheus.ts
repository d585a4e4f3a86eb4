/**
 * Starts a real Prometheus with the alert rules. It scrapes the API server and one replica on this machine, with the
 * labels that a ServiceMonitor adds.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, startProgram, waitUntilReady } from '../../test/harness/control-plane/processes.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { findProgram } from './programs.ts';
import { ruleFile } from './rule-file.ts';

export interface Prometheus {
	/** Resolves with the data of a response. Rejects with the error message from Prometheus. */
	readonly get: (path: string) => Promise<unknown>;
	readonly stop: () => Promise<void>;
}

/** The name of the job, which the Prometheus operator derives from the Service. */
export const JOB = 'toolhive-scaling-metrics';
export const INTERVAL_SECONDS = 1;

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 15_000;

export async function startPrometheus(plane: ControlPlane, metricsPort: number): Promise<Prometheus> {
	const program = await findProgram('prometheus', process.env, (line) => void process.stderr.write(`${line}\n`));
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-prometheus-'));
	const [port = 0] = await freePorts(1);
	const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
	write('rules.yaml', ruleFile());
	write('token', plane.token('admin'));
	const interval = `${INTERVAL_SECONDS}s`;
	const labels = { namespace: 'toolhive-scaling', pod: 'toolhive-scaling-0' };
	const config = {
		global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
		rule_files: ['rules.yaml'],
		scrape_configs: [
			{ job_name: JOB, static_configs: [{ targets: [`127.0.0.1:${metricsPort}`], labels }] },
			{
				job_name: 'apiserver',
				scheme: 'https',
				authorization: { credentials_file: join(folder, 'token') },
				tls_config: { ca: readFileSync(plane.caFile, 'utf8') },
				static_configs: [{ targets: [plane.url.replace('https://', '')] }],
			},
		],
	};
	// JSON is valid YAML.
	write('prometheus.yaml', JSON.stringify(config));
	const args = [
		`--config.file=${join(folder, 'prometheus.yaml')}`,
		`--storage.tsdb.path=${join(folder, 'data')}`,
		`--web.listen-address=127.0.0.1:${port}`,
	];
	const server = startProgram('prometheus', program, args, join(folder, 'prometheus.log'));
	const url = `http://127.0.0.1:${port}`;
	const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
	await waitUntilReady(server, isReady, READY_TIMEOUT_MS);
	return {
		get: async (path) => {
			const answer = await (await fetch(url + path)).json();
			const { status, data, error } = answer as { status: string; data: unknown; error?: string };
			if (status !== 'success') throw new Error(`Prometheus: ${error}`);
			return data;
		},
		stop: async () => {
			await server.stop(STOP_GRACE_MS);
			await rm(folder, { recursive: true, force: true });
		},
	};
}
