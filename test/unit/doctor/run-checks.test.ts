import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { someOf } from '../../../src/doctor/check-result.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import { shellWord } from '../../../src/doctor/commands.ts';
import { jsonReport, textReport } from '../../../src/doctor/report.ts';
import { CHECKS, runChecks } from '../../../src/doctor/run-checks.ts';
import { deployment, mcpServer, PASSWORD } from '../../harness/objects.ts';
import { deploymentOf, FLAGS, refusal } from './results.ts';

const OPTIONS = { url: 'https://example.com', namespace: 'toolhive-scaling', readSettings: () => FLAGS, nowMs: 0 };

/** Returns an empty cluster. */
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
const READS = Object.keys(cluster()) as (keyof ClusterReader)[];
const failing = (error: Error, ...names: (keyof ClusterReader)[]): ClusterReader =>
	cluster(Object.fromEntries(names.map((name) => [name, () => Promise.reject(error)])));

/** Returns webhooks that call `namespace`, which is the only namespace with a Deployment. */
const installedIn = (namespace: string, more: Partial<ClusterReader> = {}, metadata: Json = {}): ClusterReader =>
	cluster({
		getWebhookConfiguration: async () => ({
			metadata,
			webhooks: [{ name: 'one', clientConfig: { service: { namespace, name: 'toolhive-scaling' } } }],
		}),
		getDeployment: async (named) =>
			named.namespace === namespace ? deploymentOf({}, {}, { metadata: named }) : undefined,
		...more,
	});
/** Lists `object` as the only MCPServer. */
const listing =
	(object: Json): ClusterReader['listServers'] =>
	async (kind, project) =>
		kind === 'MCPServer' ? [object].flatMap((one) => project(one) ?? []) : [];
const lineOf = async (reader: ClusterReader, namespace: string | undefined, id: string) =>
	(await runChecks(reader, { ...OPTIONS, namespace })).find((line) => line.id === id);

describe('doctor › all checks', () => {
	it('an empty cluster › each check reports, in order', async () => {
		const ids = (await runChecks(cluster(), OPTIONS)).map(({ id }) => id);
		// Without webhook configurations, there is no caBundle to compare, and no webhook adds preStop.
		const silent = ['ca-bundle', 'pre-stop'];
		expect([...new Set(ids)]).to.deep.equal(Object.keys(CHECKS).filter((id) => !silent.includes(id)));
	});
	it('the API server fails › one failure for each check', async () => {
		const lines = await runChecks(failing(new Error('boom'), ...READS), OPTIONS);
		expect(lines.map(({ id, status }) => [id, status])).to.deep.equal(Object.keys(CHECKS).map((id) => [id, 'fail']));
	});
	it('the caller has no permission › a warning for each check', async () => {
		const error = refusal(403, 'x cannot list resource "pods" in API group "": no');
		const lines = await runChecks(failing(error, ...READS), OPTIONS);
		expect(lines.map(({ status }) => status)).to.deep.equal(Object.keys(CHECKS).map(() => 'warn'));
		expect(lines[0]).to.include({
			message: 'was not run: no permission to list pods',
			fix: 'rerun with credentials that pass: kubectl auth can-i list pods',
		});
	});
	it('ConfigMaps may not be listed › Deployments are still checked', async () => {
		const error = refusal(403, 'x cannot list resource "configmaps" in API group "": no');
		const lines = await runChecks(failing(error, 'listConfigMaps'), OPTIONS);
		expect(lines.flatMap(({ id, message }) => (id === 'owners' ? [message] : []))).to.deep.equal([
			'is owned by it (0 checked)',
			'was not run: no permission to list configmaps',
		]);
	});
	it('an old API server, which may not support dryRun › no dry run', async () => {
		const createDryRun = () => Promise.reject(new Error('a dry run'));
		const reader = cluster({ version: async () => ({ gitVersion: 'v1.11.3' }), createDryRun });
		expect((await lineOf(reader, undefined, 'reachable'))?.message).to.equal(
			'were not called: this API server may not support dry runs',
		);
	});
	for (const [gitVersion, subject] of [
		['v1.36.1', '1 proxy Deployment in demo'],
		['v1.29.14, which has no sleep action', undefined],
	] as const)
		it(`a proxy without preStop › Kubernetes ${gitVersion} › ${subject ?? 'no line'}`, async () => {
			const reader = installedIn('toolhive-scaling', {
				listDeployments: async (project, selector) =>
					selector === 'toolhive=true' ? [deployment(mcpServer())].flatMap((one) => project(one) ?? []) : [],
				listServers: listing(mcpServer()),
				version: async () => ({ gitVersion: gitVersion.split(',')[0] }),
			});
			expect((await lineOf(reader, undefined, 'pre-stop'))?.subject).to.equal(subject);
		});

	for (const [title, reader, given, expected] of [
		['webhooks call scaling', installedIn('scaling'), undefined, 'scaling'],
		['--namespace', installedIn('scaling'), 'toolhive-scaling', 'toolhive-scaling'],
		['webhooks call an invalid name', installedIn('../x'), undefined, 'toolhive-scaling'],
	] as const)
		it(`the namespace › ${title} › ${expected}`, async () =>
			expect((await lineOf(reader, given, 'deployment'))?.subject).to.equal(`${expected}/toolhive-scaling`));

	it('webhooks call another namespace › the fix is to check there, not to install here', async () => {
		const lines = await runChecks(installedIn('scaling'), OPTIONS);
		for (const id of ['webhooks', 'ca-bundle', 'permissions', 'deployment'])
			expect(lines.find((line) => line.id === id)?.fix, id).to.equal('thv-scaling doctor --namespace scaling');
		for (const id of ['ca-bundle', 'deployment'])
			expect(lines.find((line) => line.id === id)?.message, id).to.include('call Service scaling/toolhive-scaling');
		expect(JSON.stringify(lines.filter(({ id }) => id !== 'crds'))).not.to.match(/kubectl apply|helm upgrade/);
	});

	const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
	const annotations = { 'meta.helm.sh/release-name': 'release-1' };
	const byArgo = { annotations, labels: { 'app.kubernetes.io/managed-by': 'Argo' } };
	const getDeployment = async () => deploymentOf({}, {}, { metadata: { labels } });
	const helm = (release: string, namespace: string): string =>
		`helm upgrade ${release} manifests/chart -n ${namespace} --reset-then-reuse-values`;
	for (const [title, reader, command] of [
		['installed by Helm as release-1', installedIn('a', {}, { labels, annotations }), helm('release-1', 'a')],
		['managed by Argo', installedIn('a', {}, byArgo), 'kubectl apply -k local'],
		['only a Deployment by Helm', cluster({ getDeployment }), helm('toolhive-scaling', 'toolhive-scaling')],
	] as const)
		it(`permissions are missing › ${title} › the fix is ${command}`, async () =>
			expect((await lineOf(reader, undefined, 'permissions'))?.fix).to.equal(
				`apply the whole installation (docs/install.md#4-apply): ${command}`,
			));

	it('control characters in the cluster › not in the report', async () => {
		const evil = 'a\u001b[2Jb\u0007\u009b31m\u202e\r\nc\ud800';
		const sessionStorage = { provider: 'redis', address: 'redis:6379', passwordRef: { ...PASSWORD, name: evil } };
		const reader = cluster({
			version: () => Promise.reject(new Error(evil)),
			getDeployment: async () => deploymentOf({ image: evil }),
			listServers: listing(mcpServer({ sessionStorage })),
		});
		const lines = await runChecks(reader, { ...OPTIONS, url: evil });
		expect(lines.find(({ id }) => id === 'secrets')?.subject).to.match(/^Secret demo\/a.+c/);
		const text = textReport(lines, false) + jsonReport(lines);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
		expect(text.replaceAll('\n', '')).not.to.match(/[\u0000-\u001f\u007f-\u009f\u202e\u2028\ud800]/);
		expect(lines.every(({ message }) => !message.includes('\n'))).to.equal(true);
	});
});

describe('doctor › report', () => {
	const LINES = [
		{ id: 'crds', status: 'ok', subject: 'a', message: 'is there' },
		{ id: 'permissions', status: 'fail', subject: 'b', message: 'may not x', fix: 'fix it' },
		{ id: 'permissions', status: 'fail', subject: 'b', message: 'may not y', fix: 'fix it' },
		{ id: 'secrets', status: 'warn', subject: 'c', message: 'is odd', fix: 'see' },
	] as const;
	const TEXT = `ok    CRDs         a is there
fail  Permissions  b may not x
fail  Permissions  b may not y
                   → fix it
warn  Secrets      c is odd
                   → see

1 ok, 1 warn, 2 fail
`;
	it('text › one row per line, and each fix only once', () => expect(textReport(LINES, false)).to.equal(TEXT));

	it('someOf › at most five names', () => {
		expect(['a', 'ab', 'abcde'].map((names) => someOf([...names]))).to.deep.equal(['a', 'a and b', 'a, b, c, d and e']);
		expect(someOf([...'abcdefg'])).to.equal('a, b, c, d, e and 2 more');
	});
	it('shellWord › quotes all but safe characters', () =>
		expect(['redis-secret', 'a b', "it's", '$(id)', ''].map(shellWord)).to.deep.equal([
			'redis-secret',
			"'a b'",
			`'it'\\''s'`,
			"'$(id)'",
			"''",
		]));
});
