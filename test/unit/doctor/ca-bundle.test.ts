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
const url = (address: string): Pick<InstalledWebhook, 'url'> => ({ url: `https://${address}/mutate` });
const trusts = (where = '…'): string => `ok: ${SUBJECT} trusts the certificate ${where}, valid until ${dayIn(90)}`;
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

	reports('the CA of the certificate', of(), [trusts('in Secret toolhive-scaling/tls')]);
	reports('the previous CA and the CA', of({ bundle: 'other+ca' }), [trusts()]);
	reports('the certificate itself', of({ bundle: 'serving' }), [trusts()]);
	reports('another CA of the same name', of({ bundle: 'other' }), [`fail: ${SUBJECT} does not trust …`]);
	reports('empty', of({ bundle: 'nothing' }), [`fail: ${SUBJECT} is empty: …`]);
	reports('empty, at a URL', of({ bundle: 'nothing', ...url('example.com') }), [`warn: ${SUBJECT} is empty: …`]);
	reports('not PEM', of({ bundle: 'broken' }), [`fail: ${SUBJECT} has no certificate in PEM`]);
	reports('the certificate ends soon', of({ days: 77 }), [`warn: the certificate in … expires on ${dayIn(90)}`]);
	reports('the certificate has expired', of({ days: 91 }), [`fail: the certificate in … expired on ${dayIn(90)}`]);
	reports('the certificate is not valid yet', of({ serves: 'later' }), [
		'fail: … is not valid yet → correct the clock …',
	]);
	reports('the CA ends before the certificate', of({ bundle: 'short' }), [`warn: the CA in … expires on ${dayIn(5)}`]);
	reports('the certificate of another name', of({ serves: 'misnamed' }), ['fail: … is not valid for …scaling.svc']);
	reports('the certificate of an IPv6 address', of(url('[::1]')), [trusts('at https://[::1]')]);
	reports('no Secret', of({ serves: 'none' }), ['fail: Secret … does not exist: the pods wait for their certificate']);
	reports('a Secret without a certificate', of({ serves: 'nothing' }), ['fail: … has no certificate in tls.crt']);
	reports('the caller may not read the Secret', of({ serves: refusal(403) }), [
		'warn: …: no permission to read Secret …',
	]);
	reports('no Deployment', of({ context: uninstalled }), ['warn: … was not checked: no Deployment …']);
	reports('one of two webhooks trusts another CA', of({ others: [{ name: 'odd', bundle: 'other' }] }), [
		...[trusts(), 'fail: the caBundle of odd does not trust …'],
	]);
	reports('different caBundles that trust the certificate', of({ others: [{ name: 'odd', bundle: 'ca+other' }] }), [
		...[trusts(), trusts().replace('one', 'odd'), 'warn: the webhooks have 2 different caBundles …'],
	]);
	reports('no webhook', () => checkCaBundle(contextOf({}, { webhooksByKind: async () => ({}) as never })), []);

	const selfManaged = { context: { flags: { ...FLAGS, isSelfManaged: true } } };
	const CERTS = ': kubectl get certificates,issuers -n certs';
	for (const [title, given, bundle, certificate] of [
		['self-managed', selfManaged, 'the leader corrects it', 'the leader corrects it'],
		[
			'cert-manager',
			{ injectedFrom: 'certs/toolhive-scaling' },
			`cert-manager's cainjector writes it${CERTS}`,
			`cert-manager issues it${CERTS}`,
		],
		['supplied by the user', {}, 'set caBundle in both webhook configurations', 'renew the certificate in the Secret'],
	] as const)
		it(`the fix › ${title}`, async () => {
			const fixOf = async (fault: Given) => (await of({ ...given, ...fault })())[0]?.fix;
			expect(await fixOf({ bundle: 'nothing' })).to.include(bundle);
			expect(await fixOf({ bundle: 'other' })).to.include(bundle);
			expect(await fixOf({ days: 91 })).to.include(certificate);
		});

	const read = (name: string): X509Certificate => new X509Certificate(pem[name] ?? '');
	it('trustedIssuer › compares signatures, not names, and follows a chain', () => {
		const [serving, forged, ca] = [read('serving'), read('forged'), read('ca')];
		expect(serving.checkIssued(forged), 'the names are the same').to.equal(true);
		expect(trustedIssuer([serving], [forged])).to.equal(undefined);
		expect(trustedIssuer([serving, ca], [forged, ca])).to.equal(ca);
	});
});
