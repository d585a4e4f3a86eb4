/** `thv-scaling serve`: wires the webhooks to a cluster and to sockets. No rules here. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Cluster } from '../admission/cluster.ts';
import { mutate } from '../admission/mutate.ts';
import { validate } from '../admission/validate.ts';
import { type Connection, connect } from '../cluster/connect.ts';
import { type Memory, remember } from '../cluster/memory.ts';
import { isInPod } from '../cluster/service-account.ts';
import type { Sources } from '../http/gauges.ts';
import { createHealth } from '../http/health.ts';
import { closeGently, listenHttp, listenHttps, useCertificate } from '../http/listen.ts';
import { createMetrics, type Rules } from '../http/metrics.ts';
import { createSelfCheck } from '../http/self-check.ts';
import { createWebhook } from '../http/webhook.ts';
import { autoscalerOf } from '../objects/autoscaler.ts';
import { configMapSuffixOf, runConfigSummaryOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { serverOf } from '../objects/server.ts';
import { keySpaceOf } from '../policy/key-space.ts';
import { DENIAL_IDS, WARNING_IDS } from '../policy/rules.ts';
import { INSTALLED_AS } from '../toolhive/names.ts';
import { SYSTEM_NAMESPACES } from '../toolhive/registrations.ts';
import type { ServerRef } from '../toolhive/types.ts';
import { watchKubernetes } from './kubernetes.ts';
import { type Leadership, startLeadership } from './leadership.ts';
import { createLog } from './log.ts';
import { type Environment, readOptions, UsageError, unknownVariables } from './options.ts';
import { type ServingReconciler, servingReconciler } from './reconcile.ts';
import { SERVE_OPTIONS } from './serve-options.ts';
import { certificateInFolder, certificateInSecret } from './serving-certificate.ts';
import { settingsOf } from './settings-options.ts';
import { ownVersion } from './version.ts';

export interface Process {
	readonly env: Environment;
	/** Resolves with the name of the first signal that asks us to end. */
	readonly terminated: Promise<string>;
}

/** Serves until a signal ends it. Throws UsageError for what the caller can mend before anything was started. */
export async function serve(args: readonly string[], { env, terminated }: Process): Promise<void> {
	const options = readOptions(SERVE_OPTIONS, args, env);
	const configured = settingsOf(options);
	const log = createLog(options['log-level']);
	for (const name of unknownVariables(SERVE_OPTIONS, env)) log.warn({ name }, 'environment variable is not known');
	const inPod = isInPod(env);
	const tlsDir = options['tls-dir'];
	if (tlsDir === undefined && !inPod)
		throw new UsageError('--tls-dir is missing: a folder with tls.crt and tls.key (`make certs` makes one)');
	const reporting = { log, metrics: () => metrics };
	const inFolder = tlsDir === undefined ? undefined : await certificateInFolder(tlsDir, reporting);
	const connection = await connectOr(options.kubeconfig, env);
	const namespace = connection.namespace ?? INSTALLED_AS;
	// Outside of a pod the namespace is what a kubeconfig happens to name, and may be somebody's.
	const unattended = [...SYSTEM_NAMESPACES, inPod ? namespace : INSTALLED_AS];
	const certificate = inFolder ?? certificateInSecret(connection, namespace, reporting);
	// Set below, once the ports are open; what is watched and counted speaks of them before.
	let reconciler: ServingReconciler | undefined;
	let leadership: Leadership | undefined;
	const onTrouble = (message: string, detail: object): void => log.warn(detail, message);
	// Half of what may be in flight, so that what needs no look-up has places, however many are asked for.
	const mostLookups = Math.ceil(options['max-in-flight'] / 2);
	const touch = (ref: ServerRef): void => reconciler?.touch(ref);
	const memory = remember(connection, PROJECTIONS, onTrouble, {}, touch, mostLookups);
	const cluster = clusterOf(memory);
	const kubernetes = watchKubernetes(connection, configured, log);
	const { settings } = kubernetes;

	let isDraining = false;
	const sources: Sources = {
		version: ownVersion(),
		isReady: async () => (await unready()).length === 0,
		inFlight: () => webhook.inFlight(),
		...((options.reconcile === 'true' || certificate.lead !== undefined) && {
			isLeading: () => leadership?.isLeading() ?? false,
		}),
		...(options.reconcile === 'true' && {
			reconciler: {
				queued: () => reconciler?.queued() ?? 0,
				waitingRollouts: () => reconciler?.waitingRollouts() ?? 0,
			},
		}),
		watches: () => watchesOf(memory),
		certificateExpiry: () => certificate.current()?.expirySeconds,
		authorityExpiry: () => certificate.current()?.authorityExpirySeconds,
	};
	const metrics = createMetrics(sources, RULES);
	const webhook = createWebhook({
		mutate: (request, signal) => mutate(request, cluster, settings, signal),
		validate: (request) => validate(request, cluster),
		maxInFlight: options['max-in-flight'],
		log,
		metrics,
	});
	const https = await listenHttps(webhook.listener, certificate.current(), options['webhook-port']).catch(
		busy('--webhook-port'),
	);
	const selfCheck = createSelfCheck({
		server: https,
		certificate: certificate.current,
		// The kubelet's Event says 503 and no more.
		onChange: (reason) =>
			reason === undefined ? log.info('HTTPS port answers again') : log.error({ reason }, 'HTTPS port does not answer'),
	});
	const unready = async (): Promise<string[]> => {
		if (isDraining) return ['draining'];
		// Without a certificate no handshake could succeed, and that is told already.
		const trouble = certificate.current() === undefined ? undefined : await selfCheck();
		return [
			...certificate.missing(),
			...unsyncedOf(memory),
			...(kubernetes.isKnown() ? [] : ['version of Kubernetes: not known yet']),
			...(trouble === undefined ? [] : [`tls: ${trouble}`]),
		];
	};
	const http = await listenHttp(createHealth(unready, metrics), options['metrics-port']).catch(busy('--metrics-port'));
	const reloads = certificate.start((changed) => useCertificate(https, changed));
	log.info({ webhookPort: portOf(https), metricsPort: portOf(http), apiServer: connection.url }, 'serving');
	void logWhenReady(unready, log);
	const identity = `${hostname()}_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
	if (options.reconcile === 'true') {
		reconciler = servingReconciler({
			connection,
			memory,
			surroundingsOf: cluster.surroundingsOf,
			settings,
			settleMs: options['settle-seconds'] * 1000,
			rolloutsPerMinute: options['rollouts-per-minute'],
			namespaces: {
				label: options['namespace-label'],
				excluded: [...unattended, ...(options['exclude-namespaces'] ?? [])],
			},
			identity,
			log,
			metrics,
		});
	}
	const duties = [reconciler?.lead, certificate.lead].filter((duty) => duty !== undefined);
	const isElected = options['leader-elect'] === 'true';
	if (duties.length > 0) leadership = startLeadership({ connection, namespace, identity, isElected, duties, log });

	log.info({ signal: await terminated, drainSeconds: options['drain-seconds'] }, 'draining');
	isDraining = true;
	webhook.startDraining();
	await sleep(options['drain-seconds'] * 1000);
	await closeGently(https);
	reloads.stop();
	await leadership?.stop();
	await reconciler?.flush();
	memory.stop();
	await Promise.all([closeGently(http), connection.close()]);
	log.info('stopped');
}

const RULES: Rules = { warnings: WARNING_IDS, denials: DENIAL_IDS };

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
			autoscalers: memory.autoscalersOf(server.namespace, server.name),
			sharing: memory.sharing(server),
		}),
	};
}

const connectOr = (kubeconfig: string | undefined, env: Environment): Promise<Connection> =>
	connect(kubeconfig, env).catch((error: Error) => {
		throw new UsageError(`--kubeconfig cannot be used: ${error.message}`);
	});

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

async function logWhenReady(unready: () => Promise<readonly string[]>, log: Logger): Promise<void> {
	while ((await unready()).length > 0) await sleep(100, undefined, { ref: false });
	log.info('ready');
}

const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port;
