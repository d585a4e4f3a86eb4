/** `thv-scaling serve`: wires the webhooks and the reconciler to a cluster; contains no rules. */
import { hostname } from 'node:os';
// The rules load this package when they need it. Loading it here keeps the first request fast.
import 'cel-js';
import type { Cluster } from '../admission/cluster.ts';
import { mutate } from '../admission/mutate.ts';
import { validate } from '../admission/validate.ts';
import { INSTALLED_AS } from '../api/names.ts';
import type { ServerRef } from '../api/types.ts';
import { SYSTEM_NAMESPACES } from '../api/webhook-configurations.ts';
import { SERVE_OPTIONS, settingsOf } from '../cli/flags.ts';
import { type Environment, UsageError, unknownVariables, type Values } from '../cli/options.ts';
import { ownVersion } from '../cli/version.ts';
import { type Cache, startCache } from '../cluster/cache.ts';
import { type Connection, connect } from '../cluster/connect.ts';
import { isInPod } from '../cluster/service-account.ts';
import type { ReconcilerSources } from '../http/gauges.ts';
import { autoscalerOf } from '../objects/autoscaler.ts';
import { configMapSuffixOf, runConfigSummaryOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { serverOf } from '../objects/server.ts';
import { keySpaceOf } from '../policy/key-space.ts';
import { watchKubernetes } from './kubernetes.ts';
import { type Leadership, startLeadership } from './leadership.ts';
import { createLog } from './log.ts';
import { type ServingReconciler, servingReconciler } from './reconciler.ts';
import { type CertificateSource, certificateInFolder, certificateInSecret } from './serving-certificate.ts';
import { startWebhooks, type Webhooks } from './webhooks.ts';

export interface ServeProcess {
	readonly env: Environment;
	/** Resolves with the name of the first termination signal. */
	readonly terminated: Promise<string>;
}

/** Serves until a signal ends it. Throws UsageError for mistakes that the user can fix, before anything is started. */
export async function serve(options: Values<typeof SERVE_OPTIONS>, { env, terminated }: ServeProcess): Promise<void> {
	const configured = settingsOf(options);
	const log = createLog(options['log-level']);
	for (const name of unknownVariables(SERVE_OPTIONS, env)) log.warn({ name }, 'unknown environment variable');

	const inPod = isInPod(env);
	const tlsDir = options['tls-dir'];
	if (tlsDir === undefined && !inPod)
		throw new UsageError('--tls-dir is missing: a folder with tls.crt and tls.key (`make certs` creates one)');
	const reporting = { log, metrics: () => webhooks.metrics };
	const inFolder = tlsDir === undefined ? undefined : await certificateInFolder(tlsDir, reporting);
	const connection = await connectOr(options.kubeconfig, env);
	const namespace = connection.namespace ?? INSTALLED_AS;
	const certificate = inFolder ?? certificateInSecret(connection, namespace, reporting);

	// Set once the ports are open. The cache and the metrics use the reconciler from then on.
	let reconciler: ServingReconciler | undefined;
	let leadership: Leadership | undefined;
	const enqueue = (ref: ServerRef): void => reconciler?.enqueue(ref);
	const warn = (message: string, detail: object): void => log.warn(detail, message);
	// Look-ups may use half of the requests in flight, so that requests without a look-up always have the other half.
	const maxLookups = Math.ceil(options['max-in-flight'] / 2);
	const cache = startCache(connection, PROJECTIONS, warn, {}, enqueue, maxLookups);
	const cluster = clusterOf(cache);
	const { settings, isKnown: isVersionKnown } = watchKubernetes(connection, configured, log);

	const isReconciling = options.reconcile;
	const webhooks: Webhooks = await startWebhooks({
		mutate: (request, signal) => mutate(request, cluster, settings, signal),
		validate: (request) => validate(request, cluster),
		certificate,
		unready: () => [
			...cache.unsynced().map((resource) => `${resource}: not listed yet`),
			...(isVersionKnown() ? [] : ['Kubernetes version: not known yet']),
		],
		sources: {
			...sourcesOf(cache, certificate),
			...((isReconciling || certificate.lead !== undefined) && { isLeading: () => leadership?.isLeading() ?? false }),
			...(isReconciling && { reconciler: reconcilerSources(() => reconciler) }),
		},
		webhookPort: options['webhook-port'],
		metricsPort: options['metrics-port'],
		maxInFlight: options['max-in-flight'],
		apiServer: connection.url,
		log,
	});

	const identity = `${hostname()}_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
	// Outside of a Pod, the namespace is that of a kubeconfig and may belong to a user.
	const excluded = [...SYSTEM_NAMESPACES, inPod ? namespace : INSTALLED_AS, ...(options['exclude-namespaces'] ?? [])];
	if (isReconciling) {
		reconciler = servingReconciler({
			connection,
			cache,
			clusterContextOf: cluster.clusterContextOf,
			settings,
			settleMs: options['settle-seconds'] * 1000,
			rolloutsPerMinute: options['rollouts-per-minute'],
			namespaces: { label: options['namespace-label'], excluded },
			identity,
			log,
			metrics: webhooks.metrics,
		});
	}
	const duties = [reconciler?.lead, certificate.lead].filter((duty) => duty !== undefined);
	const isElected = options['leader-elect'];
	if (duties.length > 0) leadership = startLeadership({ connection, namespace, identity, isElected, duties, log });

	log.info({ signal: await terminated, drainSeconds: options['drain-seconds'] }, 'draining');
	await webhooks.drain(options['drain-seconds']);
	await leadership?.stop();
	await reconciler?.flush();
	cache.stop();
	await Promise.all([webhooks.stop(), connection.close()]);
	log.info('stopped');
}

const PROJECTIONS = {
	server: (object: Parameters<typeof serverOf>[0]) => serverOf(object),
	deployment: proxyDeploymentOf,
	runConfig: runConfigSummaryOf,
	autoscaler: autoscalerOf,
	keySpace: keySpaceOf,
};

function clusterOf(cache: Cache): Cluster {
	return {
		findServer: cache.findServer,
		findDeployment: cache.findDeployment,
		clusterContextOf: (server) => ({
			deployment: cache.deploymentNamed(server.namespace, server.name),
			runConfig: cache.runConfigNamed(server.namespace, server.name + configMapSuffixOf(server.kind)),
			autoscalers: cache.autoscalersOf(server.namespace, server.name),
			sharesKeySpaceWith: cache.sharesKeySpaceWith(server),
		}),
	};
}

const connectOr = (kubeconfig: string | undefined, env: Environment): Promise<Connection> =>
	connect(kubeconfig, env).catch((error: Error) => {
		throw new UsageError(`--kubeconfig cannot be used: ${error.message}`);
	});

const reconcilerSources = (reconciler: () => ServingReconciler | undefined): ReconcilerSources => ({
	queued: () => reconciler()?.queued() ?? 0,
	pendingRollouts: () => reconciler()?.pendingRollouts() ?? 0,
});

const sourcesOf = (cache: Cache, certificate: CertificateSource) => ({
	version: ownVersion(),
	watches: () =>
		Object.entries(cache.watches).map(([resource, watch]) => ({
			resource,
			lastEventAgeSeconds: watch.lastEventAgeMs() / 1000,
			objects: cache.sizeOf(resource),
		})),
	certificateExpiry: () => certificate.current()?.expirySeconds,
	caExpiry: () => certificate.current()?.caExpirySeconds,
});
