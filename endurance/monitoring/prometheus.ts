/**
 * Starts a real Prometheus with the alert rules. Prometheus scrapes the API server and replicas on this machine, with
 * the labels that a ServiceMonitor adds.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, startProgram, waitUntilReady } from '../../test/harness/control-plane/processes.ts';
import type { ControlPlane } from '../../test/harness/control-plane/start.ts';
import { findProgram } from './programs.ts';
import { ruleFile } from './rule-file.ts';

export interface Sample {
	readonly metric: Readonly<Record<string, string>>;
	/** The time in seconds since the epoch, and the value as text. */
	readonly value: readonly [number, string];
}

export interface Series {
	readonly metric: Readonly<Record<string, string>>;
	readonly values: readonly (readonly [number, string])[];
}

export interface Prometheus {
	/** Replaces the scrape targets, by Pod name. */
	readonly scrape: (metricsPorts: Readonly<Record<string, number>>) => void;
	/** Resolves with the samples of an expression. Rejects with the error message from Prometheus. */
	readonly query: (expr: string) => Promise<Sample[]>;
	readonly queryRange: (expr: string, fromSeconds: number, toSeconds: number, stepSeconds: number) => Promise<Series[]>;
	readonly get: (path: string) => Promise<unknown>;
	readonly stop: () => Promise<void>;
}

/** The name of the job, which the Prometheus operator derives from the Service. */
export const JOB = 'toolhive-scaling-metrics';

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 15_000;

export async function startPrometheus(
	plane: ControlPlane,
	intervalSeconds: number,
	say: (line: string) => void,
): Promise<Prometheus> {
	const program = await findProgram('prometheus', process.env, say);
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-prometheus-'));
	const [port = 0] = await freePorts(1);
	const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
	write('rules.yaml', ruleFile());
	write('token', plane.token('admin'));
	write('targets.json', '[]');
	// JSON is valid YAML.
	const interval = `${intervalSeconds}s`;
	const config = {
		global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
		rule_files: ['rules.yaml'],
		scrape_configs: [
			{
				job_name: JOB,
				file_sd_configs: [{ files: ['targets.json'], refresh_interval: '1s' }],
			},
			{
				job_name: 'apiserver',
				scheme: 'https',
				authorization: { credentials_file: join(folder, 'token') },
				tls_config: { ca: readFileSync(plane.caFile, 'utf8') },
				static_configs: [{ targets: [plane.url.replace('https://', '')] }],
			},
		],
	};
	write('prometheus.yaml', JSON.stringify(config));
	const server = startProgram(
		'prometheus',
		program,
		[
			`--config.file=${join(folder, 'prometheus.yaml')}`,
			`--storage.tsdb.path=${join(folder, 'data')}`,
			`--web.listen-address=127.0.0.1:${port}`,
		],
		join(folder, 'prometheus.log'),
	);
	const url = `http://127.0.0.1:${port}`;
	const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
	await waitUntilReady(server, isReady, READY_TIMEOUT_MS);

	const get = async (path: string): Promise<unknown> => {
		const answer = await (await fetch(url + path)).json();
		const { status, data, error } = answer as { status: string; data: unknown; error?: string };
		if (status !== 'success') throw new Error(`Prometheus: ${error}`);
		return data;
	};
	return {
		scrape: (metricsPorts) => {
			const targets = Object.entries(metricsPorts).map(([pod, metricsPort]) => ({
				targets: [`127.0.0.1:${metricsPort}`],
				labels: { namespace: 'toolhive-scaling', pod },
			}));
			write('targets.json', JSON.stringify(targets));
		},
		get,
		query: async (expr) => {
			const { result } = (await get(`/api/v1/query?${new URLSearchParams({ query: expr })}`)) as { result: Sample[] };
			return result;
		},
		queryRange: async (query, start, end, step) => {
			const parameters = new URLSearchParams({ query, start: `${start}`, end: `${end}`, step: `${step}` });
			return ((await get(`/api/v1/query_range?${parameters}`)) as { result: Series[] }).result;
		},
		stop: async () => {
			await server.stop(STOP_GRACE_MS);
			await rm(folder, { recursive: true, force: true });
		},
	};
}
