import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { checkCaBundle } from '../../../src/doctor/ca-bundle.ts';
import { trustedIssuer } from '../../../src/doctor/certificates.ts';
import type { CheckContext } from '../../../src/doctor/context.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import type { InstalledWebhook } from '../../../src/doctor/webhook-configurations.ts';
import { contextOf, deploymentOf, FLAGS, refusal, reports } from './results.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
const inDays = (days: number): Date => new Date(NOW + days * DAY_MS);
const dayIn = (days: number): string => inDays(days).toISOString().slice(0, 10);
/** Returns the certificate with other bytes in place of `old`, both as hexadecimal text. Its own signature is then wrong. */
function edited(pem: string, old: string, bytes: string): string {
	const der = Buffer.from(new X509Certificate(pem).raw.toString('hex').replace(old, bytes), 'hex');
	return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
const keyIn = (pem: string): string =>
	new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' }).subarray(-65).toString('hex');
/** Returns a date in the form of a certificate. */
const utcTime = (date: Date): string =>
	Buffer.from(
		`${date
			.toISOString()
			.replaceAll(/[-:T]|\..*/g, '')
			.slice(2)}Z`,
	).toString('hex');

/** PEM texts by name. The tables refer to names, because the certificates are issued when the tests run. */
const pem: Record<string, string> = {
	nothing: '',
	broken: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
};
const INSTALLED = installationOf(deploymentOf({}, { volumes: [{ secret: { secretName: 'tls' } }] }));

interface Given extends Partial<InstalledWebhook> {
	/** The name of a text in `pem`. */
	readonly bundle?: string;
	readonly serves?: string | Error;
	readonly days?: number;
	readonly others?: readonly (Partial<InstalledWebhook> & { readonly bundle: string })[];
	readonly context?: Partial<CheckContext>;
}

const of =
	({ bundle = 'ca', serves = 'serving', days = 0, others = [], context = {}, ...more }: Given = {}) =>
	() => {
		const webhooks = [{ bundle, ...more }, ...others].map(({ bundle: name, ...fields }) => ({
			...{ kind: 'MutatingWebhookConfiguration' as const, name: 'one', path: '/mutate' },
			...{ service: { namespace: 'toolhive-scaling', name: 'toolhive-scaling' }, rules: [], namespaceSelector: {} },
			caBundle: Buffer.from(name.replaceAll(/\w+/g, (part) => pem[part] ?? '')).toString('base64'),
			...fields,
		}));
		const certificate = async () => {
			if (serves instanceof Error) throw serves;
			return pem[serves];
		};
		const cluster = {
			certificateInSecret: certificate,
			certificatesAt: async () => [(await certificate()) ?? ''],
		};
		const webhooksByKind = async () => ({
			MutatingWebhookConfiguration: webhooks,
			ValidatingWebhookConfiguration: undefined,
		});
		const installation = async () => INSTALLED;
		const nowMs = inDays(days).getTime();
		return checkCaBundle(contextOf(cluster, { webhooks, webhooksByKind, installation, nowMs, ...context }));
	};

const SUBJECT = 'the caBundle of one';
const SECRET = 'Secret toolhive-scaling/tls';
const CERTIFICATE = `the certificate in ${SECRET}`;
const url = (address: string): Pick<InstalledWebhook, 'url'> => ({ url: `https://${address}/mutate` });
const trusts = (where = `in ${SECRET}`): string =>
	`ok: ${SUBJECT} trusts the certificate ${where}, valid until ${dayIn(90)}`;
const PUBLIC = 'is empty: for this webhook the API server trusts only the CAs of its operating system';
const ELSEWHERE =
	'fail: one call Service elsewhere/toolhive-scaling, so they belong to another installation → thv-scaling doctor --namespace elsewhere';
const elsewhere = { service: { namespace: 'elsewhere', name: 'toolhive-scaling' } };
const uninstalled = { installation: async () => undefined };

describe('doctor › caBundle', () => {
	before(async () => {
		const [ca, other] = [await issueCa(), await issueCa()];
		const serving = (await issueServing(ca)).cert;
		Object.assign(pem, { ca: ca.cert, other: other.cert, serving });
		pem['later'] = (await issueServing(ca, { now: inDays(5) })).cert;
		pem['misnamed'] = (await issueServing(ca, { hosts: ['example.com'] })).cert;
		pem['short'] = edited(ca.cert, utcTime(new X509Certificate(ca.cert).validToDate), utcTime(inDays(5)));
		pem['forged'] = edited(ca.cert, keyIn(ca.cert), keyIn(other.cert));
	});

	reports('the CA of the certificate', of(), [trusts()]);
	reports('the previous CA and the CA', of({ bundle: 'other+ca' }), [trusts()]);
	reports('the certificate itself', of({ bundle: 'serving' }), [trusts()]);
	reports('another CA of the same name', of({ bundle: 'other' }), [`fail: ${SUBJECT} does not trust ${CERTIFICATE}`]);
	reports('empty', of({ bundle: 'nothing' }), [`fail: ${SUBJECT} ${PUBLIC}`]);
	reports('empty, at a URL', of({ bundle: 'nothing', ...url('example.com') }), [`warn: ${SUBJECT} ${PUBLIC}`]);
	reports('not PEM', of({ bundle: 'broken' }), [`fail: ${SUBJECT} has no certificate in PEM`]);
	reports('the certificate ends soon', of({ days: 77 }), [`warn: ${CERTIFICATE} expires on ${dayIn(90)}`]);
	reports('the certificate has expired', of({ days: 91 }), [`fail: ${CERTIFICATE} expired on ${dayIn(90)}`]);
	reports('the certificate is not valid yet', of({ serves: 'later' }), [
		`fail: ${CERTIFICATE} is not valid yet → correct the clock of this machine or of the issuer`,
	]);
	reports('the CA ends before the certificate', of({ bundle: 'short' }), [
		`warn: the CA in ${SUBJECT} expires on ${dayIn(5)}`,
	]);
	reports('the certificate of another name', of({ serves: 'misnamed' }), [
		`fail: ${CERTIFICATE} is not valid for toolhive-scaling.toolhive-scaling.svc`,
	]);
	reports('the certificate of an IPv6 address', of(url('[::1]')), [trusts('at https://[::1]')]);
	reports('no Secret', of({ serves: 'none' }), [`fail: ${SECRET} does not exist: the pods wait for their certificate`]);
	reports('a Secret without a certificate', of({ serves: 'nothing' }), [
		`fail: ${SECRET} has no certificate in tls.crt`,
	]);
	reports('the caller may not read the Secret', of({ serves: refusal(403) }), [
		`warn: the caBundle was not checked: no permission to read ${SECRET}`,
	]);
	reports('no Deployment', of({ context: uninstalled }), [
		'warn: the caBundle was not checked: no Deployment of toolhive-scaling mounts a certificate',
	]);
	reports('a Service in another namespace', of(elsewhere), [ELSEWHERE]);
	reports('one of two webhooks trusts another CA', of({ others: [{ name: 'odd', bundle: 'other' }] }), [
		trusts(),
		`fail: the caBundle of odd does not trust ${CERTIFICATE}`,
	]);
	reports('different caBundles that trust the certificate', of({ others: [{ name: 'odd', bundle: 'ca+other' }] }), [
		trusts(),
		trusts().replace('one', 'odd'),
		'warn: the webhooks have 2 different caBundles instead of the same one',
	]);
	reports('no webhook', () => checkCaBundle(contextOf({}, { webhooksByKind: async () => ({}) as never })), []);

	const selfManaged = { context: { flags: { ...FLAGS, isSelfManaged: true } } };
	const LEADER =
		'the leader corrects it within seconds, or logs why not: kubectl logs -n toolhive-scaling deployment/toolhive-scaling';
	const CERTS = 'kubectl get certificates,issuers -n certs';
	for (const [title, given, bundle, certificate] of [
		['self-managed', selfManaged, LEADER, LEADER],
		[
			'cert-manager',
			{ injectedFrom: 'certs/toolhive-scaling' },
			`cert-manager's cainjector writes it: ${CERTS}`,
			`cert-manager issues it: ${CERTS}`,
		],
		[
			'supplied by the user',
			{},
			'set caBundle in both webhook configurations to the CA that issued the certificate: certs/README.md',
			'renew the certificate in the Secret; if its CA changes, update caBundle too: certs/README.md',
		],
	] as const)
		it(`the fix › ${title}`, async () => {
			const fixOf = async (fault: Given) => (await of({ ...given, ...fault })())[0]?.fix;
			expect(await fixOf({ bundle: 'nothing' })).to.equal(bundle);
			expect(await fixOf({ bundle: 'other' })).to.equal(bundle);
			expect(await fixOf({ days: 91 })).to.equal(certificate);
		});

	const read = (name: string): X509Certificate => new X509Certificate(pem[name] ?? '');
	it('trustedIssuer › compares signatures, not names, and follows a chain', () => {
		const [serving, forged, ca] = [read('serving'), read('forged'), read('ca')];
		expect(serving.checkIssued(forged), 'the names are the same').to.equal(true);
		expect(trustedIssuer([serving], [forged])).to.equal(undefined);
		expect(trustedIssuer([serving, ca], [forged, ca])).to.equal(ca);
	});
});
