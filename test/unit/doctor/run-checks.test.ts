import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { someOf } from '../../../src/doctor/check-result.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import { shellWord } from '../../../src/doctor/commands.ts';
import { jsonReport, summaryOf, textReport } from '../../../src/doctor/report.ts';
import { CHECKS, runChecks } from '../../../src/doctor/run-checks.ts';
import { deployment, mcpServer } from '../../harness/objects.ts';
import { deploymentOf, refusal } from './results.ts';

const QUESTION = {
	url: 'https://example.com',
	namespace: 'toolhive-scaling',
	readSettings: () => ({
		operatorUsernames: [],
		passwordEnv: 'deployment',
		shutdown: { gracePeriodSeconds: 45, preStopSeconds: 5 },
		isReconciling: true,
		isElected: true,
		isSelfManaged: false,
		hasNamespaceLabel: false,
	}),
	nowMs: 0,
};

/** An empty cluster. */
const cluster = (more: Partial<ClusterReader> = {}): ClusterReader => ({
	version: async () => ({ gitVersion: 'v1.36.1' }),
	getCrd: async () => undefined,
	getWebhookConfiguration: async () => undefined,
	getDeployment: async () => undefined,
	getLease: async () => undefined,
	labelsOfNamespace: async () => undefined,
	listServers: async () => [],
	listAutoscalers: async () => [],
	listDeployments: async () => [],
	listConfigMaps: async () => [],
	createDryRun: async () => ({ status: 404, message: '', warnings: [] }),
	isAllowed: async () => false,
	keysOfSecret: async () => undefined,
	certificateInSecret: async () => undefined,
	certificatesAt: async () => [],
	...more,
});

const broken = (error: Error): ClusterReader =>
	Object.fromEntries(
		Object.keys(cluster()).map((name) => [name, () => Promise.reject(error)]),
	) as unknown as ClusterReader;

const serverNeeding = (secret: string): Json => ({
	apiVersion: 'toolhive.stacklok.dev/v1beta1',
	kind: 'MCPServer',
	metadata: { namespace: 'demo', name: 'web', uid: 'uid-web' },
	spec: {
		sessionStorage: { provider: 'redis', address: 'redis:6379', passwordRef: { name: secret, key: 'password' } },
	},
});

describe('doctor: all checks', () => {
	it('each check reports, in order', async () => {
		const ids = (await runChecks(cluster(), QUESTION)).map(({ id }) => id);
		// A registration that is not there has no caBundle to compare, and nothing adds preStop.
		const silent = ['ca-bundle', 'pre-stop'];
		expect([...new Set(ids)]).to.deep.equal(Object.keys(CHECKS).filter((id) => !silent.includes(id)));
	});

	it('the API server fails › one line for each check', async () => {
		const lines = await runChecks(broken(new Error('boom')), QUESTION);
		expect(lines.map(({ id }) => id)).to.deep.equal(Object.keys(CHECKS));
		for (const line of lines) expect(line.status, line.id).to.equal('fail');
	});

	it('the caller has no permission › a warning for each check', async () => {
		const lines = await runChecks(broken(refusal(403, 'x cannot list resource "pods" in API group "": no')), QUESTION);
		expect(lines.map(({ status }) => status)).to.deep.equal(Object.keys(CHECKS).map(() => 'warn'));
		expect(lines[0]).to.include({
			message: 'was not made: you may not list pods',
			fix: 'run it as somebody who may: kubectl auth can-i list pods',
		});
	});

	it('one request fails › the other checks report', async () => {
		for (const name of Object.keys(cluster()) as (keyof ClusterReader)[]) {
			const lines = await runChecks(cluster({ [name]: () => Promise.reject(new Error('boom')) }), QUESTION);
			const others = lines.filter(({ message }) => !message.includes('boom'));
			expect(new Set(others.map(({ id }) => id)).size, name).to.be.at.least(Object.keys(CHECKS).length - 5);
		}
	});

	it('ConfigMaps may not be listed › Deployments are still checked', async () => {
		const listConfigMaps = () =>
			Promise.reject(refusal(403, 'x cannot list resource "configmaps" in API group "": no'));
		const lines = await runChecks(cluster({ listConfigMaps }), QUESTION);
		expect(lines.flatMap(({ id, message }) => (id === 'owners' ? [message] : []))).to.deep.equal([
			'is owned by it (0 checked)',
			'was not made: you may not list configmaps',
		]);
	});

	it('the API server may not support dryRun › no dry run', async () => {
		for (const version of [{ gitVersion: 'v1.11.3' }, {}]) {
			const tried: object[] = [];
			const createDryRun: ClusterReader['createDryRun'] = async (object) => {
				tried.push(object);
				return { status: 201, message: '', warnings: [] };
			};
			const lines = await runChecks(cluster({ version: async () => version, createDryRun }), QUESTION);
			expect(tried).to.deep.equal([]);
			expect(lines.find(({ id }) => id === 'reachable')?.message).to.equal('were not tried');
		}
	});

	it('several checks need the Deployment › one request', async () => {
		let count = 0;
		const getDeployment: ClusterReader['getDeployment'] = async () => {
			count += 1;
			return deploymentOf();
		};
		await runChecks(cluster({ getDeployment }), QUESTION);
		expect(count).to.equal(1);
	});

	for (const { it: title, shutdown, gitVersion, says } of [
		{ it: 'preStop is on', says: ['1 proxy Deployment in demo'] },
		{ it: 'preStop is off', shutdown: { gracePeriodSeconds: 45, preStopSeconds: 0 }, says: ['preStop'] },
		{ it: 'Kubernetes has no sleep action', gitVersion: 'v1.29.14', says: [] },
	]) {
		it(`proxies without preStop › ${title} › ${says.length === 0 ? 'nothing' : says}`, async () => {
			const object = deployment(mcpServer());
			const listDeployments: ClusterReader['listDeployments'] = async (project, labelSelector) =>
				labelSelector === 'toolhive=true' ? [object].flatMap((one) => project(one) ?? []) : [];
			const readSettings = () => ({ ...QUESTION.readSettings(), ...(shutdown && { shutdown }) });
			const version = async () => ({ gitVersion: gitVersion ?? 'v1.36.1' });
			const listServers: ClusterReader['listServers'] = async (kind, project) =>
				kind === 'MCPServer' ? [mcpServer()].flatMap((one) => project(one) ?? []) : [];
			const asked = { ...installedIn('toolhive-scaling'), listDeployments, listServers, version };
			const lines = await runChecks(asked, { ...QUESTION, readSettings });
			expect(lines.flatMap(({ id, subject }) => (id === 'pre-stop' ? [subject] : []))).to.deep.equal(says);
		});
	}

	/** Registrations that lead to a namespace, which is the only one with a Deployment. */
	const installedIn = (namespace: string, metadata: Json = {}): ClusterReader =>
		cluster({
			getWebhookConfiguration: async () => ({
				metadata,
				webhooks: [{ name: 'one', clientConfig: { service: { namespace, name: 'toolhive-scaling' } } }],
			}),
			getDeployment: async (named) =>
				named.namespace === namespace ? deploymentOf({}, {}, { metadata: named }) : undefined,
		});
	const sayingOf = async (where: ClusterReader, namespace: string | undefined, id: string) =>
		(await runChecks(where, { ...QUESTION, namespace })).find((line) => line.id === id);

	it('the namespace › --namespace, else that of the webhook configurations', async () => {
		for (const [where, given, looksIn] of [
			[installedIn('scaling'), undefined, 'scaling'],
			[installedIn('scaling'), 'toolhive-scaling', 'toolhive-scaling'],
			[installedIn('../x'), undefined, 'toolhive-scaling'],
			[cluster(), undefined, 'toolhive-scaling'],
			[cluster({ getWebhookConfiguration: () => Promise.reject(refusal(403)) }), undefined, 'toolhive-scaling'],
		] as const)
			expect((await sayingOf(where, given, 'deployment'))?.subject).to.equal(`${looksIn}/toolhive-scaling`);
	});

	it('the webhooks call another namespace › the fix is to check there, not to install here', async () => {
		const lines = await runChecks(installedIn('scaling'), QUESTION);
		for (const id of ['registration', 'ca-bundle', 'permissions', 'deployment'])
			expect(lines.find((line) => line.id === id)?.fix, id).to.equal('thv-scaling doctor --namespace scaling');
		for (const id of ['ca-bundle', 'deployment'])
			expect(lines.find((line) => line.id === id)?.message, id).to.include('lead to Service scaling/toolhive-scaling');
		const ours = lines.filter(({ id }) => id !== 'crds');
		expect(JSON.stringify(ours)).not.to.match(/kubectl apply|helm upgrade/);
	});

	it('missing permissions › the fix is to install again, with the same tool', async () => {
		const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
		const annotations = { 'meta.helm.sh/release-name': 'ours' };
		const helm = (release: string, namespace: string) =>
			`helm upgrade ${release} manifests/chart -n ${namespace} --reset-then-reuse-values`;
		const deployed = { getDeployment: async () => deploymentOf({}, {}, { metadata: { labels } }) };
		for (const [where, command] of [
			[installedIn('scaling'), 'kubectl apply -k local'],
			[installedIn('scaling', { labels }), helm('toolhive-scaling', 'scaling')],
			[installedIn('scaling', { labels, annotations }), helm('ours', 'scaling')],
			[installedIn('scaling', { annotations }), 'kubectl apply -k local'],
			[
				installedIn('scaling', { annotations, labels: { 'app.kubernetes.io/managed-by': 'Argo' } }),
				'kubectl apply -k local',
			],
			[cluster(deployed), helm('toolhive-scaling', 'toolhive-scaling')],
		] as const)
			expect((await sayingOf(where, undefined, 'permissions'))?.fix).to.equal(
				`apply the whole installation (docs/install.md#4-apply): ${command}`,
			);
	});

	it('control characters in the cluster › not in the report', async () => {
		const evil = 'a\u001b[2Jb\u0007\u009b31m\u202e\r\nc\ud800';
		const lines = await runChecks(
			cluster({
				version: () => Promise.reject(new Error(evil)),
				getDeployment: async () => deploymentOf({ image: evil }),
				// The name of the Secret is the subject of a line.
				listServers: async (kind, project) =>
					[project(kind === 'MCPServer' ? serverNeeding(evil) : {})].filter((one) => one !== undefined),
			}),
			{ ...QUESTION, url: evil },
		);
		expect(lines.find(({ id }) => id === 'secrets')?.subject).to.match(/^Secret demo\/a.+c/);
		const text = textReport(lines, false) + jsonReport(lines);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
		expect(text.replaceAll('\n', '')).not.to.match(/[\u0000-\u001f\u007f-\u009f\u202e\u2028\ud800]/);
		expect(lines.every(({ message }) => !message.includes('\n'))).to.equal(true);
	});
});

describe('doctor: the report', () => {
	const LINES = [
		{ id: 'crds', status: 'ok', subject: 'a', message: 'is there' },
		{ id: 'permissions', status: 'fail', subject: 'b', message: 'may not x', fix: 'mend it' },
		{ id: 'permissions', status: 'fail', subject: 'b', message: 'may not y', fix: 'mend it' },
		{ id: 'secrets', status: 'warn', subject: 'c', message: 'is odd', fix: 'look' },
	] as const;

	it('as text › a line each, and the fix once below', () =>
		expect(textReport(LINES, false)).to.equal(
			[
				'ok    CRDs          a is there',
				'fail  Permissions   b may not x',
				'fail  Permissions   b may not y',
				'                    → mend it',
				'warn  Secrets       c is odd',
				'                    → look',
				'',
				'1 ok, 1 warn, 2 fail',
				'',
			].join('\n'),
		));
	it('in colours', () =>
		expect(textReport(LINES, true)).to.include('\u001b[32mok  \u001b[0m  CRDs').and.include('\u001b[31mfail\u001b[0m'));
	it('as JSON', () =>
		expect(JSON.parse(jsonReport(LINES))).to.deep.equal({ checks: LINES, summary: { ok: 1, warn: 1, fail: 2 } }));
	it('counts', () => expect(summaryOf([])).to.deep.equal({ ok: 0, warn: 0, fail: 0 }));

	for (const [words, text] of [
		[[], ''],
		[['a'], 'a'],
		[['a', 'b'], 'a and b'],
		[['a', 'b', 'c', 'd', 'e'], 'a, b, c, d and e'],
		[['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'a, b, c, d, e and 2 more'],
	] as const)
		it(`${words.length} names`, () => expect(someOf(words)).to.equal(text));

	for (const [word, text] of [
		['redis-secret', 'redis-secret'],
		['a b', "'a b'"],
		["it's", `'it'\\''s'`],
		['$(id)', "'$(id)'"],
		['', "''"],
	] as const)
		it(`${JSON.stringify(word)} as a word of a command`, () => expect(shellWord(word)).to.equal(text));
});
