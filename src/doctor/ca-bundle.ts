/** Whom the API server trusts at our address, and what our address shows. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { MS_PER_DAY, parseCertificates, trustedIssuer } from './certificates.ts';
import { type CheckResult, fail, isForbidden, ok, shellWord, someOf, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { lookIn } from './fixes.ts';
import type { Installation } from './installation.ts';
import type { Webhook } from './webhook-configurations.ts';

const SOON_DAYS = 14;

type Shown = { readonly where: string; readonly chain: readonly X509Certificate[] };

export async function caBundle(
	webhooks: readonly Webhook[],
	/** Where the product is looked for. */
	namespace: string,
	installation: Installation | undefined,
	cluster: Pick<ClusterReader, 'certificateInSecret' | 'certificatesAt'>,
	nowMs: number,
): Promise<CheckResult[]> {
	const groups = Map.groupBy(webhooks, ({ caBundle: bundle, url, service }) =>
		JSON.stringify([bundle, url === undefined ? service : new URL(url).host]),
	);
	const sayings: CheckResult[] = [];
	for (const group of groups.values()) {
		sayings.push(
			...(await judge(
				group,
				group.length === webhooks.length && group.length > 1,
				namespace,
				installation,
				cluster,
				nowMs,
			)),
		);
	}
	const bundles = new Set(webhooks.map(({ caBundle: bundle }) => bundle));
	if (bundles.size === 1 || sayings.some(({ status }) => status === 'fail')) return sayings;
	return [
		...sayings,
		warn(
			'the webhooks',
			`do not all have the same caBundle: there are ${bundles.size}`,
			fixFor('caBundle', webhooks[0] as Webhook, installation),
		),
	];
}

/** Webhooks at one address that trust the same. */
async function judge(
	group: readonly Webhook[],
	isAll: boolean,
	namespace: string,
	installation: Installation | undefined,
	cluster: Pick<ClusterReader, 'certificateInSecret' | 'certificatesAt'>,
	nowMs: number,
): Promise<CheckResult[]> {
	const [first] = group;
	if (first === undefined) return [];
	const names = isAll ? `all ${group.length} webhooks` : someOf(group.map(({ name }) => name));
	const subject = `the caBundle of ${names}`;
	const { service } = first;
	if (first.url === undefined && service !== undefined && service.namespace !== namespace) {
		const place = `${service.namespace}/${service.name}`;
		const message = `lead to Service ${place}, so they belong to another installation`;
		return [fail(names, message, lookIn(service.namespace))];
	}
	const mendBundle = fixFor('caBundle', first, installation);
	const mendCertificate = fixFor('certificate', first, installation);
	if (first.caBundle === '') {
		const message = 'is empty: the API server trusts only public authorities there';
		return [(first.url === undefined ? fail : warn)(subject, message, mendBundle)];
	}
	const trusted = parseCertificates(Buffer.from(first.caBundle, 'base64').toString());
	if (trusted === undefined) return [fail(subject, 'holds no certificate in PEM', mendBundle)];

	const shown = await shownBy(first, installation, cluster, mendCertificate);
	if ('status' in shown) return [shown];
	const [serving] = shown.chain;
	if (serving === undefined) return [fail(`the TLS server ${shown.where}`, 'shows no certificate', mendCertificate)];
	const issuer = trustedIssuer(shown.chain, trusted);
	if (issuer === undefined) return [fail(subject, `does not trust the certificate ${shown.where}`, mendBundle)];

	const host = hostOf(first);
	if (host !== undefined && (isIP(host) === 0 ? serving.checkHost(host) : serving.checkIP(host)) === undefined) {
		return [fail(`the certificate ${shown.where}`, `is not for ${host}`, mendCertificate)];
	}
	return [
		lifeOf(serving, `the certificate ${shown.where}`, nowMs, mendCertificate) ??
			lifeOf(issuer, `the authority in ${subject}`, nowMs, mendCertificate) ??
			ok(subject, `trusts the certificate ${shown.where}, good until ${dayOf(serving)}`),
	];
}

async function shownBy(
	{ url }: Webhook,
	installation: Installation | undefined,
	cluster: Pick<ClusterReader, 'certificateInSecret' | 'certificatesAt'>,
	mendCertificate: string,
): Promise<Shown | CheckResult> {
	if (url !== undefined) {
		const address = new URL(url).origin;
		try {
			const chain = (await cluster.certificatesAt(url)).map((pem) => new X509Certificate(pem));
			return { where: `at ${address}`, chain };
		} catch (error) {
			const reason = `${(error as Error).message}`;
			return warn(
				`the certificate at ${address}`,
				`was not seen from here: ${reason}`,
				'run it where the address is known',
			);
		}
	}
	const secret = installation?.certificate;
	if (installation === undefined || secret === undefined) {
		const message = 'was not compared: there is no Deployment here that mounts a certificate';
		return warn('the caBundle', message, 'name the namespace of the product: --namespace');
	}
	const { namespace } = installation;
	const where = `Secret ${namespace}/${secret.secret}`;
	try {
		const text = await cluster.certificateInSecret({ namespace, name: secret.secret }, secret.key);
		if (text === undefined) return fail(where, 'is not there: the pods wait for their certificate', mendCertificate);
		const chain = parseCertificates(text);
		return chain === undefined
			? fail(where, `has no certificate in ${secret.key}`, mendCertificate)
			: { where: `in ${where}`, chain };
	} catch (error) {
		if (!isForbidden(error)) throw error;
		const fix = `run it as somebody who may: kubectl auth can-i get secrets -n ${namespace}`;
		return warn('the caBundle', `was not compared: you may not read ${where}`, fix);
	}
}

/** The name the API server asks for. */
function hostOf({ url, service }: Webhook): string | undefined {
	if (url !== undefined) return new URL(url).hostname.replace(/^\[|\]$/g, '');
	return service === undefined ? undefined : `${service.name}.${service.namespace}.svc`;
}

function lifeOf(certificate: X509Certificate, subject: string, nowMs: number, fix: string): CheckResult | undefined {
	const leftMs = certificate.validToDate.getTime() - nowMs;
	if (leftMs <= 0) return fail(subject, `ended on ${dayOf(certificate)}`, fix);
	if (certificate.validFromDate.getTime() > nowMs) return fail(subject, 'is not valid yet', 'compare the clocks');
	if (leftMs < SOON_DAYS * MS_PER_DAY) return warn(subject, `ends on ${dayOf(certificate)}`, fix);
	return undefined;
}

/** Who mends a caBundle, or a certificate. Where somebody brought them, nothing of ours may write over what they brought. */
function fixFor(what: 'caBundle' | 'certificate', webhook: Webhook, installation: Installation | undefined): string {
	if (installation?.certificate?.isSelfManaged === true) {
		const { namespace, name } = installation;
		return `the leader mends it within seconds, or says why not: kubectl logs -n ${shellWord(namespace)} deployment/${shellWord(name)}`;
	}
	if (webhook.injectedFrom !== undefined) {
		const [namespace = ''] = webhook.injectedFrom.split('/');
		const who = what === 'caBundle' ? "cert-manager's cainjector writes it" : 'cert-manager makes it';
		return `${who}: kubectl get certificates,issuers -n ${shellWord(namespace)}`;
	}
	return what === 'caBundle'
		? 'set caBundle in both registrations to the authority that signed the certificate: certs/README.md'
		: 'renew the certificate in the Secret, and caBundle where the authority is another: certs/README.md';
}

const dayOf = ({ validToDate }: X509Certificate): string => validToDate.toISOString().slice(0, 10);
