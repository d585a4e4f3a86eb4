/** Checks that each caBundle trusts the certificate that its webhooks serve. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { CERTIFICATE_SECRET } from '../api/names.ts';
import { parseCertificates, trustedIssuer } from './certificates.ts';
import { type CheckResult, fail, isForbidden, ok, rerunWith, someOf, warn } from './check-result.ts';
import { doctorCommand, logsCommand, namespaceFlag } from './commands.ts';
import type { CheckContext, DoctorCheck } from './context.ts';
import type { Installation } from './installation.ts';
import type { InstalledWebhook } from './webhook-configurations.ts';

const SOON_MS = 14 * 86_400_000;

interface Served {
	readonly where: string;
	readonly chain: readonly X509Certificate[];
}

/** The facts about the installation that the certificate checks need. */
interface Holder {
	readonly installation: Installation | undefined;
	/** Whether the leader issues the certificate and writes caBundle. */
	readonly isSelfManaged: boolean;
}

export const checkCaBundle: DoctorCheck = async (context) => {
	// Rejects if the webhook configurations cannot be read.
	await context.webhooksByKind();
	const { webhooks } = context;
	const [first] = webhooks;
	if (first === undefined) return [];
	const installation = webhooks.every(({ url }) => url !== undefined) ? undefined : await context.installation();
	const holder = { installation, isSelfManaged: context.flags?.isSelfManaged === true };
	const groups = Map.groupBy(webhooks, ({ caBundle, url, service }) =>
		JSON.stringify([caBundle, url === undefined ? service : new URL(url).host]),
	);
	const results: CheckResult[] = [];
	for (const group of groups.values()) results.push(await checkGroup(group, holder, context));
	const bundles = new Set(webhooks.map(({ caBundle }) => caBundle)).size;
	if (bundles > 1 && results.every(({ status }) => status !== 'fail')) {
		const message = `have ${bundles} different caBundles instead of the same one`;
		results.push(warn('the webhooks', message, fixFor('caBundle', first, holder)));
	}
	return results;
};

/** Checks webhooks that have the same address and caBundle. */
async function checkGroup(
	group: readonly InstalledWebhook[],
	holder: Holder,
	{ webhooks, product, cluster, nowMs }: CheckContext,
): Promise<CheckResult> {
	const first = group[0] as InstalledWebhook;
	const isAll = group.length === webhooks.length && group.length > 1;
	const names = isAll ? `all ${group.length} webhooks` : someOf(group.map(({ name }) => name));
	const subject = `the caBundle of ${names}`;
	const { service, url } = first;
	if (url === undefined && service !== undefined && service.namespace !== product.namespace) {
		const message = `call Service ${service.namespace}/${service.name}, so they belong to another installation`;
		return fail(names, message, doctorCommand(service.namespace));
	}
	const fixBundle = fixFor('caBundle', first, holder);
	const fixCertificate = fixFor('certificate', first, holder);
	if (first.caBundle === '') {
		const message = 'is empty: for this webhook the API server trusts only the CAs of its operating system';
		return (url === undefined ? fail : warn)(subject, message, fixBundle);
	}
	const trusted = parseCertificates(Buffer.from(first.caBundle, 'base64').toString());
	if (trusted === undefined) return fail(subject, 'has no certificate in PEM', fixBundle);

	const served = url === undefined ? await chainInSecret(holder, cluster, fixCertificate) : await chainAt(url, cluster);
	if ('status' in served) return served;
	const { where, chain } = served;
	const [serving] = chain;
	if (serving === undefined) return fail(`the TLS server ${where}`, 'presents no certificate', fixCertificate);
	const issuer = trustedIssuer(chain, trusted);
	if (issuer === undefined) return fail(subject, `does not trust the certificate ${where}`, fixBundle);

	const host = hostOf(first);
	if (host !== undefined && (isIP(host) === 0 ? serving.checkHost(host) : serving.checkIP(host)) === undefined) {
		return fail(`the certificate ${where}`, `is not valid for ${host}`, fixCertificate);
	}
	return (
		expiry(serving, `the certificate ${where}`, nowMs, fixCertificate) ??
		expiry(issuer, `the CA in ${subject}`, nowMs, fixCertificate) ??
		ok(subject, `trusts the certificate ${where}, valid until ${dayOf(serving)}`)
	);
}

type Cluster = CheckContext['cluster'];

async function chainAt(url: string, cluster: Cluster): Promise<Served | CheckResult> {
	const address = new URL(url).origin;
	try {
		const chain = (await cluster.certificatesAt(url)).map((pem) => new X509Certificate(pem));
		return { where: `at ${address}`, chain };
	} catch (error) {
		const message = `cannot be fetched from here: ${(error as Error).message}`;
		return warn(`the certificate at ${address}`, message, 'rerun doctor on a machine that can reach that address');
	}
}

async function chainInSecret(
	{ installation, isSelfManaged }: Holder,
	cluster: Cluster,
	fixCertificate: string,
): Promise<Served | CheckResult> {
	const mounted = isSelfManaged ? { secret: CERTIFICATE_SECRET, key: 'tls.crt' } : installation?.certificate;
	if (installation === undefined || mounted === undefined) {
		const message = 'was not checked: no Deployment of toolhive-scaling mounts a certificate';
		return warn('the caBundle', message, 'name the namespace of toolhive-scaling with --namespace');
	}
	const { namespace } = installation;
	const where = `Secret ${namespace}/${mounted.secret}`;
	try {
		const text = await cluster.certificateInSecret({ namespace, name: mounted.secret }, mounted.key);
		if (text === undefined) return fail(where, 'does not exist: the pods wait for their certificate', fixCertificate);
		const chain = parseCertificates(text);
		if (chain === undefined) return fail(where, `has no certificate in ${mounted.key}`, fixCertificate);
		return { where: `in ${where}`, chain };
	} catch (error) {
		if (!isForbidden(error)) throw error;
		const message = `was not checked: no permission to read ${where}`;
		return warn('the caBundle', message, rerunWith(`get secrets -n ${namespace}`));
	}
}

/** Returns the name that the API server verifies in the certificate. */
function hostOf({ url, service }: InstalledWebhook): string | undefined {
	if (url !== undefined) return new URL(url).hostname.replace(/^\[|\]$/g, '');
	return service === undefined ? undefined : `${service.name}.${service.namespace}.svc`;
}

function expiry(certificate: X509Certificate, subject: string, nowMs: number, fix: string): CheckResult | undefined {
	const leftMs = certificate.validToDate.getTime() - nowMs;
	if (leftMs <= 0) return fail(subject, `expired on ${dayOf(certificate)}`, fix);
	if (certificate.validFromDate.getTime() > nowMs)
		return fail(subject, 'is not valid yet', 'correct the clock of this machine or of the issuer');
	return leftMs < SOON_MS ? warn(subject, `expires on ${dayOf(certificate)}`, fix) : undefined;
}

/** Returns the fix, which must not overwrite a certificate that the user or cert-manager provides. */
function fixFor(
	what: 'caBundle' | 'certificate',
	{ injectedFrom }: InstalledWebhook,
	{ installation, isSelfManaged }: Holder,
): string {
	if (installation !== undefined && isSelfManaged) {
		return `the leader corrects it within seconds, or logs why not: ${logsCommand(installation)}`;
	}
	if (injectedFrom !== undefined) {
		const [namespace = ''] = injectedFrom.split('/');
		const who = what === 'caBundle' ? "cert-manager's cainjector writes it" : 'cert-manager issues it';
		return `${who}: kubectl get certificates,issuers ${namespaceFlag(namespace)}`;
	}
	return what === 'caBundle'
		? 'set caBundle in both webhook configurations to the CA that issued the certificate: certs/README.md'
		: 'renew the certificate in the Secret; if its CA changes, update caBundle too: certs/README.md';
}

const dayOf = ({ validToDate }: X509Certificate): string => validToDate.toISOString().slice(0, 10);
