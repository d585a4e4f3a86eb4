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
import { runConfigSummaryOf } from '../objects/config-map.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { serverOf } from '../objects/server.ts';
import { keySpaceOf } from '../policy/key-space.ts';
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import { KINDS } from '../toolhive/names.ts';
import {
	commaList,
	oneOf,
	readOptions,
	text,
	UsageError,
	unknownVariables,
	type Values,
	wholeNumber,
} from './options.ts';

export const SERVE_OPTIONS = {
	kubeconfig: {
		...text('a file'),
		help: 'Cluster to serve. Without it: the one we run in, else the default kubeconfig.',
		fallback: undefined,
	},
	'webhook-port': {
		...wholeNumber(0, 65535),
		help: 'HTTPS port of /mutate and /validate; 0 takes a free one.',
		fallback: '8443',
	},
	'metrics-port': {
		...wholeNumber(0, 65535),
		help: 'HTTP port of /livez, /readyz and /metrics; 0 takes a free one.',
		fallback: '8080',
	},
	'tls-dir': {
		...text('a folder'),
		help: 'Folder with tls.crt and tls.key; changed files are picked up.',
		fallback: undefined,
	},
	'grace-period-seconds': {
		...wholeNumber(0, 86_400),
		help: 'terminationGracePeriodSeconds of proxy Deployments that set none of their own.',
		fallback: String(DEFAULT_SETTINGS.gracePeriodSeconds),
	},
	'password-env': {
		...oneOf('deployment', 'pod'),
		help: 'Where THV_SESSION_REDIS_PASSWORD is put. pod needs the pod-mode registration.',
		fallback: DEFAULT_SETTINGS.passwordEnv,
	},
	'run-config-layout': {
		...oneOf('both', 'top-level'),
		help: 'Where scaling stands in runconfig.json. Released runners read only scaling_config, which top-level leaves out.',
		fallback: DEFAULT_SETTINGS.runConfigLayout,
	},
	'operator-usernames': {
		...commaList('a comma list of user names'),
		help: 'Who the operator is to the API server; its writes get erased scaling fields back.',
		fallback: DEFAULT_SETTINGS.operatorUsernames.join(','),
	},
	'drain-seconds': {
		...wholeNumber(0, 3600),
		help: 'How long requests are still served after SIGTERM.',
		fallback: '10',
	},
	'max-in-flight': {
		...wholeNumber(1, 100_000),
		help: 'Requests at one time; more are sent elsewhere with 503.',
		fallback: '200',
	},
	'log-level': { ...oneOf('debug', 'info', 'warn', 'error'), help: 'Least important lines to log.', fallback: 'info' },
} as const;

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
	const memory = remember(connection, PROJECTIONS, (message, detail) => log.warn(detail, message));
	const cluster = clusterOf(memory);
	const settings = settingsOf(options);

	let isDraining = false;
	const metrics = createMetrics({
		inFlight: () => webhook.inFlight(),
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

	const https = await listenHttps(webhook.app, certificate, options['webhook-port']).catch(busy('--webhook-port'));
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

	log.info({ signal: await terminated, drainSeconds: options['drain-seconds'] }, 'draining');
	isDraining = true;
	webhook.startDraining();
	await sleep(options['drain-seconds'] * 1000);
	await closeGently(https);
	reloads.stop();
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
			runConfig: memory.runConfigNamed(server.namespace, server.name + KINDS[server.kind].configMapSuffix),
			autoscaler: memory.autoscalerOf(server.namespace, server.name),
			sharing: memory.sharing(server),
		}),
	};
}

const settingsOf = (options: Values<typeof SERVE_OPTIONS>): Settings => ({
	gracePeriodSeconds: options['grace-period-seconds'],
	passwordEnv: options['password-env'],
	runConfigLayout: options['run-config-layout'],
	operatorUsernames: options['operator-usernames'],
});

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

const unsyncedOf = (memory: Memory): string[] =>
	Object.entries(memory.watches).flatMap(([resource, watch]) =>
		watch.hasSynced() ? [] : [`${resource}: not listed yet`],
	);

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
