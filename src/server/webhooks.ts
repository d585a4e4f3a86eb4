/** Opens the two ports of `serve`: HTTPS for admission, HTTP for health and metrics. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { UsageError } from '../cli/options.ts';
import type { Sources } from '../http/gauges.ts';
import { createHealth } from '../http/health.ts';
import { listenHttp, listenHttps, shutdown, useCertificate } from '../http/listen.ts';
import { createMetrics, type Metrics } from '../http/metrics.ts';
import { createSelfCheck } from '../http/self-check.ts';
import { createWebhook, type WebhookOptions } from '../http/webhook.ts';
import { DENIAL_IDS, WARNING_IDS } from '../policy/rules.ts';
import type { CertificateSource } from './serving-certificate.ts';

export interface WebhooksOptions extends Pick<WebhookOptions, 'mutate' | 'validate' | 'maxInFlight' | 'log'> {
	readonly certificate: CertificateSource;
	/** Returns what the webhooks still wait for, besides the certificate. */
	readonly unready: () => readonly string[];
	readonly sources: Omit<Sources, 'isReady' | 'inFlight'>;
	readonly webhookPort: number;
	readonly metricsPort: number;
	/** The URL of the API server, for the log. */
	readonly apiServer: string;
}

export interface Webhooks {
	readonly metrics: Metrics;
	/** Reports not ready, and closes the HTTPS port after this many seconds. */
	readonly drain: (seconds: number) => Promise<void>;
	/** Closes the HTTP port. */
	readonly stop: () => Promise<void>;
}

/** Starts both servers. Throws UsageError if a port is in use. */
export async function startWebhooks(options: WebhooksOptions): Promise<Webhooks> {
	const { certificate, log } = options;
	let isDraining = false;
	const isReady = async (): Promise<boolean> => (await unready()).length === 0;
	const sources: Sources = { ...options.sources, isReady, inFlight: () => webhook.inFlight() };
	const metrics = createMetrics(sources, { warnings: WARNING_IDS, denials: DENIAL_IDS });
	const webhook = createWebhook({ ...options, metrics });
	const https = await listenHttps(webhook.listener, certificate.current(), options.webhookPort).catch(
		busy('--webhook-port'),
	);
	const selfCheck = createSelfCheck({
		server: https,
		certificate: certificate.current,
		// The kubelet's Event shows only the status 503, so the reason is logged.
		onChange: (reason) =>
			reason === undefined ? log.info('HTTPS port answers again') : log.error({ reason }, 'HTTPS port does not answer'),
	});
	const unready = async (): Promise<string[]> => {
		if (isDraining) return ['draining'];
		// Without a certificate no handshake can succeed, and that is already reported.
		const trouble = certificate.current() === undefined ? undefined : await selfCheck();
		return [...certificate.missing(), ...options.unready(), ...(trouble === undefined ? [] : [`tls: ${trouble}`])];
	};
	const http = await listenHttp(createHealth(unready, metrics), options.metricsPort).catch(busy('--metrics-port'));
	const reloads = certificate.start((changed) => useCertificate(https, changed));
	const { apiServer } = options;
	log.info({ webhookPort: portOf(https), metricsPort: portOf(http), apiServer }, 'serving');
	void logWhenReady(isReady, log);
	return {
		metrics,
		drain: async (seconds) => {
			isDraining = true;
			webhook.startDraining();
			await sleep(seconds * 1000);
			await shutdown(https);
			reloads.stop();
		},
		stop: () => shutdown(http),
	};
}

const busy =
	(flag: string) =>
	(error: Error): never => {
		throw new UsageError(`${flag} cannot be used: ${error.message}`, { cause: error });
	};

async function logWhenReady(isReady: () => Promise<boolean>, log: Logger): Promise<void> {
	while (!(await isReady())) await sleep(100, undefined, { ref: false });
	log.info('ready');
}

const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port;
