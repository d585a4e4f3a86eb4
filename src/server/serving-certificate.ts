/** Where `serve` gets its certificate from: a folder, or a Secret that the leader fills. No rules here. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CERTIFICATE_SECRET, INSTALLED_AS } from '../api/names.ts';
import { STEPS } from '../certificates/plan.ts';
import { createRotator, type FoundSecret } from '../certificates/rotator.ts';
import type { KeyPair, ServingCertificate } from '../certificates/secret-data.ts';
import { followSecret } from '../certificates/watch-secret.ts';
import { UsageError } from '../cli/options.ts';
import { createCertificateObjects, type OwnedCertificateObjects } from '../cluster/certificate-objects.ts';
import type { Connection } from '../cluster/connect.ts';
import type { LeaderContext } from '../cluster/leader-election.ts';
import { isConflict } from '../cluster/writes.ts';
import { type Certificate, certificateOf, readCertificate, watchCertificate } from '../http/certificate.ts';
import type { Metrics } from '../http/metrics.ts';

export interface CertificateSource {
	/** Undefined until there is one. */
	readonly current: () => Certificate | undefined;
	/** What keeps us from being ready. */
	readonly missing: () => string[];
	/** `use` is given each new one; it throws where it cannot be used. */
	readonly start: (use: (certificate: Certificate) => void) => { readonly stop: () => void };
	/** What the leader does about it. */
	readonly lead?: (term: LeaderContext) => Promise<void>;
}

interface Reporting {
	readonly log: Logger;
	readonly metrics: () => Pick<Metrics, 'countReload' | 'countRenewal' | 'countUpkeep'>;
}

/** Somebody else renews it. Throws UsageError where there is none that can be used. */
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
					log.error({ err: error, folder }, 'certificate cannot be used, the old one stays');
				},
			}),
	};
}

function reloaded({ expirySeconds }: Certificate, log: Logger, metrics: Pick<Metrics, 'countReload'>): void {
	metrics.countReload('loaded');
	log.info({ expires: new Date(expirySeconds * 1000).toISOString() }, 'certificate reloaded');
}

/** The leader looks at everything this often, and more often in the middle of a change. */
const PASS_MS = { changed: 200, waiting: 1_000, settled: 5_000, failed: 5_000 } as const;
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
	let lookAgain = async (): Promise<void> => {};

	return {
		current: () => current,
		missing: () => (current === undefined ? [`certificate: none in Secret ${secret} yet`] : []),
		start: (use) => {
			const following = followSecret({
				getData: async (signal) => dataOf(await objects.getSecret(signal)),
				hosts,
				nowMs: Date.now,
				onChange: (leaf) => {
					const changed = certificateOfLeaf(leaf);
					use(changed);
					const isFirst = current === undefined;
					current = changed;
					served = leaf.pair;
					if (isFirst) log.info({ expires: leaf.certificate.validToDate.toISOString() }, 'certificate loaded');
					else reloaded(changed, log, metrics());
				},
				onTrouble: (reason) => {
					metrics().countReload('failed');
					const message =
						current === undefined ? 'certificate cannot be used' : 'certificate cannot be used, the old one stays';
					log.error({ reason, secret }, message);
				},
			});
			lookAgain = following.look;
			return { stop: following.stop };
		},
		lead: (term) =>
			keep(term, { objects, hosts, secret, log, metrics, served: () => served, lookAgain: () => lookAgain() }),
	};
}

/** One of another type is somebody's own, and not for us to serve either. */
function dataOf(secret: FoundSecret | undefined) {
	if (secret?.isOurs === false) throw new Error('the Secret is not of our type, so it is left alone');
	return secret?.data;
}

const certificateOfLeaf = ({ pair, issuer }: ServingCertificate): Certificate => ({
	...certificateOf(Buffer.from(pair.cert), Buffer.from(pair.key)),
	authorityExpirySeconds: issuer.certificate.validToDate.getTime() / 1000,
});

interface Keeping extends Reporting {
	readonly objects: OwnedCertificateObjects;
	readonly hosts: readonly string[];
	readonly secret: string;
	readonly served: () => KeyPair | undefined;
	readonly lookAgain: () => Promise<void>;
}

async function keep({ signal, assertLeading }: LeaderContext, options: Keeping): Promise<void> {
	const { objects, hosts, secret, log, metrics } = options;
	// The maker takes its time to load, and only who leads needs it.
	const { executeStep: carryOut } = await import('../certificates/execute-step.ts');
	const keeper = createRotator({
		...objects,
		executeStep: (step, nowMs) => carryOut(step, hosts, nowMs),
		assertLeading,
		served: options.served,
		hosts,
		nowMs: Date.now,
		elapsedMs: () => performance.now(),
		onStep: ({ name, reason, make }) => {
			for (const what of make) metrics().countRenewal(what === 'tls' ? 'certificate' : 'authority');
			log.info({ step: name, reason, secret }, STEPS[name]);
		},
		onCaBundle: ({ kind }) => log.info({ registration: kind }, 'caBundle written'),
		onForeign: ({ kind }, { name, leadsTo }) =>
			log.error(
				{ registration: kind, webhook: name, leadsTo },
				'webhook does not lead to our Service, its caBundle is left alone',
			),
	});
	// Later may be too late, and writing asks again.
	await objects.findOwner(signal).catch(() => undefined);
	let lastTrouble: string | undefined;
	while (!signal.aborted) {
		let pauseMs: number = PASS_MS.failed;
		try {
			const outcome = await keeper.pass(AbortSignal.any([signal, AbortSignal.timeout(CALLS_MS)]));
			pauseMs = PASS_MS[outcome];
			metrics().countUpkeep('done');
			if (outcome === 'changed') await options.lookAgain();
			if (lastTrouble !== undefined) log.info('certificates are managed again');
			lastTrouble = undefined;
		} catch (error) {
			if (signal.aborted) return;
			// Somebody wrote at the same time; the next pass sees what.
			if (isConflict(error)) pauseMs = PASS_MS.changed;
			else {
				metrics().countUpkeep('failed');
				const { message } = error as Error;
				if (message !== lastTrouble) log.error({ reason: message, secret }, 'certificates cannot be managed');
				lastTrouble = message;
			}
		}
		await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
	}
}
