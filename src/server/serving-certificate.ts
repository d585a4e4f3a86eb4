/** The source of the serving certificate: a folder, or a Secret that the leader fills. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CERTIFICATE_SECRET, INSTALLED_AS } from '../api/names.ts';
import { STEPS } from '../certificates/plan.ts';
import { createRotator, managedData } from '../certificates/rotator.ts';
import type { KeyPair, ServingCertificate } from '../certificates/secret-data.ts';
import { watchSecret } from '../certificates/watch-secret.ts';
import { UsageError } from '../cli/options.ts';
import { createCertificateObjects, type OwnedCertificateObjects } from '../cluster/certificate-objects.ts';
import type { Connection } from '../cluster/connect.ts';
import type { LeaderContext } from '../cluster/leader-election.ts';
import { isConflict } from '../cluster/writes.ts';
import { type Certificate, certificateOf, readCertificate, watchCertificate } from '../http/certificate.ts';
import type { Metrics } from '../http/metrics.ts';

export interface CertificateSource {
	/** Returns the certificate, or undefined until one is loaded. */
	readonly current: () => Certificate | undefined;
	/** Returns the reasons why the process is not ready, such as a missing certificate. */
	readonly missing: () => string[];
	/** `use` is called with each new certificate, and throws if the certificate is not usable. */
	readonly start: (use: (certificate: Certificate) => void) => { readonly stop: () => void };
	/** The leader's work of one term. */
	readonly lead?: (term: LeaderContext) => Promise<void>;
}

interface Reporting {
	readonly log: Logger;
	readonly metrics: () => Pick<Metrics, 'countReload' | 'countRenewal' | 'countCertificateSync'>;
}

/** Serves a certificate that another program renews. Throws UsageError if there is no usable one. */
export async function certificateInFolder(folder: string, { log, metrics }: Reporting): Promise<CertificateSource> {
	let current = await readCertificate(folder).catch((error: Error) => {
		throw new UsageError(`--tls-dir ${folder} cannot be used: ${error.message}`, { cause: error });
	});
	return {
		current: () => current,
		missing: () => [],
		start: (use) =>
			watchCertificate({
				folder,
				current,
				onChange: (changed) => {
					use(changed);
					current = changed;
					reloaded(changed, log, metrics());
				},
				onBroken: (error) => {
					metrics().countReload('failed');
					log.error({ err: error, folder }, 'the new certificate is not usable; the previous one is still served');
				},
			}),
	};
}

function reloaded({ expirySeconds }: Certificate, log: Logger, metrics: Pick<Metrics, 'countReload'>): void {
	metrics.countReload('loaded');
	log.info({ expires: new Date(expirySeconds * 1000).toISOString() }, 'certificate reloaded');
}

/** The pause before the leader's next sync, by the outcome of the last one. */
const PAUSES_MS = { changed: 200, waiting: 1_000, settled: 5_000, failed: 5_000 } as const;
const CALLS_MS = 20_000;

export function certificateInSecret(
	connection: Connection,
	namespace: string,
	{ log, metrics }: Reporting,
): CertificateSource {
	const objects = createCertificateObjects(connection, namespace);
	const service = `${INSTALLED_AS}.${namespace}.svc`;
	const hosts = [service, `${service}.cluster.local`];
	const secret = `${namespace}/${CERTIFICATE_SECRET}`;
	let current: Certificate | undefined;
	let served: KeyPair | undefined;
	let reload = async (): Promise<void> => {};

	return {
		current: () => current,
		missing: () => (current === undefined ? [`certificate: none in Secret ${secret} yet`] : []),
		start: (use) => {
			const following = watchSecret({
				getData: async (signal) => managedData(await objects.getSecret(signal)),
				hosts,
				nowMs: Date.now,
				onChange: (verified) => {
					const changed = toCertificate(verified);
					use(changed);
					const isFirst = current === undefined;
					current = changed;
					served = verified.pair;
					if (isFirst) log.info({ expires: verified.certificate.validToDate.toISOString() }, 'certificate loaded');
					else reloaded(changed, log, metrics());
				},
				onTrouble: (reason) => {
					metrics().countReload('failed');
					const message =
						current === undefined
							? 'the certificate is not usable'
							: 'the new certificate is not usable; the previous one is still served';
					log.error({ reason, secret }, message);
				},
			});
			reload = following.refresh;
			return { stop: following.stop };
		},
		lead: (term) =>
			rotate(term, { objects, hosts, secret, log, metrics, served: () => served, reload: () => reload() }),
	};
}

const toCertificate = ({ pair, issuer }: ServingCertificate): Certificate => ({
	...certificateOf(Buffer.from(pair.cert), Buffer.from(pair.key)),
	caExpirySeconds: issuer.certificate.validToDate.getTime() / 1000,
});

interface RotateOptions extends Reporting {
	readonly objects: OwnedCertificateObjects;
	readonly hosts: readonly string[];
	readonly secret: string;
	readonly served: () => KeyPair | undefined;
	/** Loads this replica's own certificate again. */
	readonly reload: () => Promise<void>;
}

async function rotate({ signal, assertLeading }: LeaderContext, options: RotateOptions): Promise<void> {
	const { objects, hosts, secret, log, metrics } = options;
	// This module is slow to load, and only the leader needs it.
	const { executeStep } = await import('../certificates/execute-step.ts');
	const rotator = createRotator({
		...objects,
		executeStep: (step, nowMs) => executeStep(step, hosts, nowMs),
		assertLeading,
		served: options.served,
		hosts,
		nowMs: Date.now,
		elapsedMs: () => performance.now(),
		onStep: ({ name, reason, make }) => {
			for (const what of make) metrics().countRenewal(what === 'tls' ? 'certificate' : 'ca');
			log.info({ step: name, reason, secret }, STEPS[name]);
		},
		onCaBundle: ({ kind }) => log.info({ configuration: kind }, 'caBundle written'),
		onForeign: ({ kind }, { name, leadsTo }) =>
			log.error(
				{ configuration: kind, webhook: name, leadsTo },
				'a webhook does not call the Service of toolhive-scaling; its caBundle was not changed',
			),
	});
	// The owner is read early, because the Deployment may be deleted later. A later write reads the owner again.
	await objects.findOwner(signal).catch(() => undefined);
	let lastTrouble: string | undefined;
	while (!signal.aborted) {
		let pauseMs: number = PAUSES_MS.failed;
		try {
			const outcome = await rotator.sync(AbortSignal.any([signal, AbortSignal.timeout(CALLS_MS)]));
			pauseMs = PAUSES_MS[outcome];
			metrics().countCertificateSync('done');
			if (outcome === 'changed') await options.reload();
			if (lastTrouble !== undefined) log.info('certificates are managed again');
			lastTrouble = undefined;
		} catch (error) {
			if (signal.aborted) return;
			// Another client wrote at the same time. The next sync reads the result.
			if (isConflict(error)) pauseMs = PAUSES_MS.changed;
			else {
				metrics().countCertificateSync('failed');
				const { message } = error as Error;
				if (message !== lastTrouble) log.error({ reason: message, secret }, 'certificates cannot be managed');
				lastTrouble = message;
			}
		}
		await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
	}
}
