/** Runs `thv-scaling serve` as a process, with a scripted API server and a mounted certificate. */
import { request } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterEach, before, beforeEach } from 'mocha';
import { issueCa, issueServing, type KeyPair } from '../../certs/issue.ts';
import { type Kubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { get, type Program, startProgram } from './program.ts';
import { type ScriptedApiServer, startScriptedApiServer } from './scripted-api-server.ts';
import { createSecretVolume, type SecretVolume } from './secret-volume.ts';
import { reviewWith } from './serving.ts';

export interface ServeReply {
	readonly status: number;
	readonly connection: string | undefined;
	readonly serialNumber: string;
	readonly text: string;
}

export interface ServeProcess {
	readonly program: Program;
	/** Sends a GET to the port for health and metrics. Returns status 0 if no response arrives in time. */
	readonly probe: (path: string, timeoutMs?: number) => Promise<{ status: number; body: string }>;
	/** Sends a review on a new connection. */
	readonly send: (body?: unknown) => Promise<ServeReply>;
}

export const BEARER = 'bearer-of-the-caller';

/** Must be called inside a `describe`. The API server serves only the resources in `paths`. */
export function useServe(paths?: string[]) {
	let ca: KeyPair;
	let api: ScriptedApiServer;
	let volume: SecretVolume;
	let kubeconfig: Kubeconfig;
	let running: Program | undefined;
	before(async () => {
		ca = await issueCa();
	});
	beforeEach(async () => {
		volume = createSecretVolume(await issueServing(ca, { days: 30 }));
		api = await startScriptedApiServer('HTTP/1.1', paths);
		kubeconfig = writeKubeconfig(api.url, api.ca);
	});
	afterEach(async () => {
		await running?.kill();
		await api.stop();
		volume.remove();
		kubeconfig.remove();
	});
	const launch = (
		flags: readonly string[] = [],
		...more: Parameters<typeof startProgram> extends [unknown, ...infer Rest] ? Rest : never
	): Program => {
		const files = [`--tls-dir=${volume.folder}`, `--kubeconfig=${kubeconfig.path}`];
		const ports = ['--webhook-port=0', '--metrics-port=0', '--reconcile=false'];
		running = startProgram(['serve', ...files, ...ports, ...flags], ...more);
		return running;
	};
	return {
		ca: () => ca,
		api: () => api,
		volume: () => volume,
		launch,
		/** Resolves when the ports are open. */
		start: async (...args: Parameters<typeof launch>): Promise<ServeProcess> => {
			const program = launch(...args);
			const { webhookPort, metricsPort } = await program.logged('serving');
			return {
				program,
				probe: (path, timeoutMs) => get(metricsPort, path, timeoutMs),
				send: (body = reviewWith()) => send(Number(webhookPort), ca.cert, body),
			};
		},
	};
}

function send(port: number, ca: string, body: unknown): Promise<ServeReply> {
	const headers = { authorization: `Bearer ${BEARER}`, connection: 'keep-alive' };
	const options = { host: '127.0.0.1', port, ca, method: 'POST', path: '/mutate?timeout=5s', agent: false, headers };
	return new Promise((resolve, reject) => {
		request(options, (response) => {
			const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
			const { statusCode: status = 0, headers: received } = response;
			const connection = received.connection;
			textOf(response).then((text) => resolve({ status, connection, serialNumber, text }), reject);
		})
			.on('error', reject)
			.end(JSON.stringify(body));
	});
}
