/** `thv-scaling serve`: wires the webhooks to a cluster and to sockets. No rules here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import type { Cluster } from '../admission/cluster.ts';
import { mutate } from '../admission/mutate.ts';
import { validate } from '../admission/validate.ts';
import { connect } from '../cluster/connect.ts';
import { type Memory, remember } from '../cluster/memory.ts';
import { createWebhook } from '../http/app.ts';
import { type Certificate, readCertificate, watchCertificate } from '../http/certificate.ts';
import { createHealth } from '../http/health.ts';
import { closeGently, listenHttp, listenHttps, useCertificate } from '../http/listen.ts';
import { createMetrics } from '../http/metrics.ts';
import { autoscalerOf } from '../objects/autoscaler.ts';
import { configMapSuffixOf, runConfigSummaryOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { serverOf } from '../objects/server.ts';
import { keySpaceOf } from '../policy/key-space.ts';
import { readOptions, UsageError, unknownVariables } from './options.ts';
import { type RunningReconciler, startReconciler } from './reconcile.ts';
import { SERVE_OPTIONS } from './serve-options.ts';
import { settingsOf } from './settings-options.ts';

export interface Process {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Resolves with the name of the first signal that asks us to end. */
	readonly terminated: Promise<string>;
}

/** Serves until a signal ends it. Throws UsageError for what the caller can mend before anything was started. */
export async function serve(args: readonly string[], { env, terminated }: Process): Promise<void> {
	const options = readOptions(SERVE_OPTIONS, args, env);
	const log = pino({ level: options['log-level'], base: null, redact: ['*.password', 'password'] });
	for (const name of unknownVariables(SERVE_OPTIONS, env)) log.warn({ name }, 'environment variable is not known');
	const tlsDir = options['tls-dir'];
	if (tlsDir === undefined)
		throw new UsageError('--tls-dir is missing: a folder with tls.crt and tls.key (`make certs` makes one)');
	let certificate = await readable(tlsDir);
	const connection = await connect(options.kubeconfig, env['KUBERNETES_SERVICE_HOST'] !== undefined).catch(
		(error: Error) => {
			throw new UsageError(`--kubeconfig cannot be used: ${error.message}`);
		},
	);
	let reconciler: RunningReconciler | undefined;
	const onTrouble = (message: string, detail: object): void => log.warn(detail, message);
	const memory = remember(connection, PROJECTIONS, onTrouble, {}, (ref) => reconciler?.touch(ref));
	const cluster = clusterOf(memory);
	const settings = settingsOf(options);

	let isDraining = false;
	const metrics = createMetrics({
		inFlight: () => webhook.inFlight(),
		...(options.reconcile === 'true' && {
			reconciler: {
				isLeading: () => reconciler?.isLeading() ?? false,
				queued: () => reconciler?.queued() ?? 0,
				waitingRollouts: () => reconciler?.waitingRollouts() ?? 0,
			},
		}),
		watches: () => watchesOf(memory),
		certificateExpiry: () => certificate.expirySeconds,
	});
	const webhook = createWebhook({
		mutate: (request, signal) => mutate(request, cluster, settings, signal),
		validate: (request) => validate(request, cluster),
		maxInFlight: options['max-in-flight'],
		log,
		metrics,
	});
	const health = createHealth(() => (isDraining ? ['draining'] : unsyncedOf(memory)), metrics);

	const https = await listenHttps(webhook.listener, certificate, options['webhook-port']).catch(busy('--webhook-port'));
	const http = await listenHttp(health, options['metrics-port']).catch(busy('--metrics-port'));
	const reloads = watchCertificate({
		folder: tlsDir,
		current: certificate,
		onChange: (changed) => {
			useCertificate(https, changed);
			certificate = changed;
			metrics.countReload('loaded');
			log.info({ expires: new Date(changed.expirySeconds * 1000).toISOString() }, 'certificate reloaded');
		},
		onBroken: (error) => {
			metrics.countReload('failed');
			log.error({ err: error, folder: tlsDir }, 'certificate cannot be used, the old one stays');
		},
	});
	log.info({ webhookPort: portOf(https), metricsPort: portOf(http), apiServer: connection.url }, 'serving');
	void logWhenReady(memory, log);
	if (options.reconcile === 'true') {
		reconciler = startReconciler({
			connection,
			memory,
			surroundingsOf: cluster.surroundingsOf,
			settings,
			settleMs: options['settle-seconds'] * 1000,
			rolloutsPerMinute: options['rollouts-per-minute'],
			isElected: options['leader-elect'] === 'true',
			log,
			metrics,
		});
	}

	log.info({ signal: await terminated, drainSeconds: options['drain-seconds'] }, 'draining');
	isDraining = true;
	webhook.startDraining();
	await sleep(options['drain-seconds'] * 1000);
	await closeGently(https);
	reloads.stop();
	await reconciler?.stop();
	memory.stop();
	await Promise.all([closeGently(http), connection.close()]);
	log.info('stopped');
}

const PROJECTIONS = {
	server: (object: Parameters<typeof serverOf>[0]) => serverOf(object),
	deployment: proxyDeploymentOf,
	runConfig: runConfigSummaryOf,
	autoscaler: autoscalerOf,
	keySpace: keySpaceOf,
};

function clusterOf(memory: Memory): Cluster {
	return {
		findServer: memory.findServer,
		findDeployment: memory.findDeployment,
		surroundingsOf: (server) => ({
			deployment: memory.deploymentNamed(server.namespace, server.name),
			runConfig: memory.runConfigNamed(server.namespace, server.name + configMapSuffixOf(server.kind)),
			autoscaler: memory.autoscalerOf(server.namespace, server.name),
			sharing: memory.sharing(server),
		}),
	};
}

async function readable(tlsDir: string): Promise<Certificate> {
	try {
		return await readCertificate(tlsDir);
	} catch (error) {
		throw new UsageError(`--tls-dir ${tlsDir} cannot be used: ${(error as Error).message}`, { cause: error });
	}
}

const busy =
	(flag: string) =>
	(error: Error): never => {
		throw new UsageError(`${flag} cannot be used: ${error.message}`, { cause: error });
	};

const unsyncedOf = (memory: Memory): string[] => memory.missing().map((resource) => `${resource}: not listed yet`);

const watchesOf = (memory: Memory): { resource: string; silentSeconds: number; objects: number }[] =>
	Object.entries(memory.watches).map(([resource, watch]) => ({
		resource,
		silentSeconds: watch.silentForMs() / 1000,
		objects: memory.sizeOf(resource),
	}));

async function logWhenReady(memory: Memory, log: Logger): Promise<void> {
	while (unsyncedOf(memory).length > 0) await sleep(100, undefined, { ref: false });
	log.info('ready');
}

const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port;
