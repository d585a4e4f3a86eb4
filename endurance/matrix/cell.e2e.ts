/**
 * Runs the scenario for one cell of `make matrix`, which OPERATOR= and KUBERNETES= select. `make e2e-operator` runs the
 * cell without these variables.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { isOlder } from '../../src/api/images.ts';
import { CHECKSUM_ANNOTATION, KINDS, PASSWORD_ENV, TEMPLATE_CHECKSUM_ANNOTATION } from '../../src/api/names.ts';
import { OPERATOR_SINCE } from '../../src/api/operators.ts';
import { CHART, NS } from '../../test/e2e/chart.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { useHelm } from '../../test/harness/helm/mocha.ts';
import type { Stored } from '../../test/harness/namespace.ts';
import { mustSucceed, ROOT } from '../../test/harness/product.ts';
import { startProgram } from '../../test/harness/program.ts';
import { tally } from '../real-operator/audit.ts';
import { OPERATOR_VERSION, STAND_IN_VERSION } from '../real-operator/build.ts';
import { useHarness } from '../real-operator/harness.ts';
import { QUIET_MS, type Snapshot, settled, snapshot } from '../real-operator/idle.ts';
import { type Example, exampleObject, examplesFor, PASSWORD_REF, REDIS } from '../real-operator/servers.ts';
import { KUBERNETES } from './versions.ts';

const { OPERATOR = OPERATOR_VERSION, KUBERNETES: MINOR = '' } = process.env;
/** If undefined, the scenario uses the same release as all other tests. */
const RELEASE = KUBERNETES[MINOR];
const IS_CAPABLE = OPERATOR !== STAND_IN_VERSION;
const EXAMPLES = examplesFor(OPERATOR);
/**
 * v0.12.5 erases scaling fields while the product does not run. With v0.12.5, servers are therefore created only after
 * the product starts.
 */
const NAMESPACES = IS_CAPABLE ? ['early', 'late'] : ['late'];
const CHANGED = [
	{ resource: 'mcpserver', name: 'search', configMap: 'search-runconfig' },
	{ resource: 'virtualmcpserver', name: 'hub', configMap: 'hub-vmcp-config' },
	{ resource: 'mcpremoteproxy', name: 'crm', configMap: 'crm-runconfig' },
] as const;
const SERVERS = 'mcpservers,virtualmcpservers,mcpremoteproxies';
const CRDS = SERVERS.split(',').map((plural) => `${plural}.toolhive.stacklok.dev`);
const CREATED =
	'deployments,replicasets,statefulsets,pods,configmaps,services,serviceaccounts,secrets,roles,rolebindings';
const NOT_CREATED_BY_OPERATOR = ['configmap/kube-root-ca.crt', 'serviceaccount/default', `secret/${PASSWORD_REF.name}`];
const WITHIN_MS = 60_000;
const PRE_STOP = { preStop: { sleep: { seconds: 5 } } };
/** The reasons of the conditions with status True, sorted. */
const ACTIVE: Readonly<Record<string, readonly string[]>> = {
	files: ['SessionStorageMissingForReplicas', 'StdioTransportCapAt1'],
	forgetful: ['SessionStorageMissingForReplicas'],
};
const WARNING_TYPES = ['SessionStorageWarning', 'StdioReplicaCapped'];

describe(`every example with ToolHive ${OPERATOR}`, function () {
	this.timeout(600_000);
	const harness = useHarness({ operator: OPERATOR, kubernetes: RELEASE });
	const helm = useHelm();

	const kubectl = (...args: string[]) => harness.plane().kubectl(['-n', 'late', ...args]);
	const must = async (...args: string[]): Promise<string> => (await mustSucceed(kubectl(...args))).stdout.trim();
	/** Returns the parsed RunConfig or vMCP configuration; JSON is YAML. */
	const configOf = async (namespace: string, configMap: string) => {
		const [text = ''] = Object.values((await harness.get(namespace, 'configmap', configMap))['data'] as Stored);
		return parse(text);
	};
	const applyServer = (name: string, sessionStorage: object) => {
		const spec = { image: 'x', transport: 'sse', sessionStorage };
		const input = JSON.stringify(exampleObject({ kind: 'MCPServer', name, spec }, 'late', OPERATOR));
		return harness.plane().kubectl(['apply', '-f', '-'], { input });
	};
	const edit = (resource: string, name: string, spec: object) =>
		must('patch', resource, name, '--type=merge', '-p', JSON.stringify({ spec }));
	const replicasOf = async (name: string): Promise<number> =>
		Number(await must('get', 'deployment', name, '-o', 'jsonpath={.spec.replicas}'));
	const replicasBecome = (name: string, expected: number): Promise<void> =>
		eventually(async () => expect(await replicasOf(name), name).to.equal(expected), WITHIN_MS);
	/** Repeats `check` for every example in every namespace until all pass. */
	const every = (check: (found: Found) => void): Promise<void> =>
		eventually(async () => {
			const objects = await snapshot(harness, NAMESPACES);
			for (const namespace of NAMESPACES) for (const example of EXAMPLES) check(find(objects, namespace, example));
		}, WITHIN_MS);

	before('servers and product', async function () {
		this.timeout(600_000);
		if (IS_CAPABLE) {
			await harness.applyExamples('early');
			await eventually(async () => {
				const objects = [...(await snapshot(harness, ['early'])).keys()];
				expect(objects.filter((key) => key.startsWith('Deployment '))).to.have.length(EXAMPLES.length);
			}, WITHIN_MS);
		}
		await harness.startProduct();
		await harness.applyExamples('late');
	});

	it('crds › the CRDs of the operator › complete', async () => {
		const crds = await must('get', 'crd', ...CRDS, '-o', 'yaml');
		const { code, stdout, stderr } = await startProgram(['crds', '-'], {}, { stdin: crds }).ended;
		expect([code, stderr, stdout]).to.deep.equal([0, '', crds]);
	});

	it('doctor › this Kubernetes › supported', async () => {
		const { stdout } = await startProgram(['doctor', `--kubeconfig=${harness.plane().kubeconfig('admin')}`]).ended;
		expect(stdout).to.match(new RegExp(`^ok +API server +Kubernetes at \\S+ is ${RELEASE ?? '\\S+'}$`, 'm'));
	});

	it('kustomization and chart › server-side dry run › accepted without warnings', async () => {
		const version = RELEASE === undefined ? [] : ['--kube-version', RELEASE];
		const chart = await mustSucceed(helm(['template', 'scaling', CHART, '--namespace', NS, ...version]));
		for (const [args, input] of [
			[['-k', join(ROOT, 'manifests')], ''],
			[['-n', NS, '-f', '-'], chart.stdout],
		] as const) {
			const applied = await harness.plane().kubectl(['apply', '--dry-run=server', ...args], { input });
			expect([applied.code, applied.stderr]).to.deep.equal([0, '']);
		}
	});

	it('scaling fields › the operator has written the servers › stored as the user wrote them', () =>
		every(({ example, server }) => {
			for (const field of ['replicas', 'backendReplicas', 'sessionStorage'] as const) {
				const wanted = (example.spec as Record<string, unknown>)[field];
				if (typeof wanted === 'object') expect(server['spec'][field], example.name).to.deep.include(wanted);
				else expect(server['spec'][field], `${field} of ${example.name}`).to.equal(wanted);
			}
		}));

	it('Deployments › replicas, grace period, preStop, password, checksum; existing settings are kept', () =>
		every(({ example, deployment, configMap, isNew }) => {
			const { name, replicas } = example;
			const hasPassword = JSON.stringify(example.spec).includes('passwordRef');
			// 1 for stdio.
			expect(deployment['spec'].replicas, name).to.equal(replicas);
			const { metadata, spec } = deployment['spec'].template;
			const [{ env, lifecycle }] = spec.containers as [{ env: { name: string }[]; lifecycle?: object }];
			expect(spec.terminationGracePeriodSeconds, name).to.equal(name === 'patient' ? 90 : isNew ? 45 : 30);
			expect(lifecycle, name).to.deep.equal(isNew ? PRE_STOP : undefined);
			// The last entry of a name counts.
			const password = env.findLast((one) => one.name === PASSWORD_ENV);
			const reference = { name: PASSWORD_ENV, valueFrom: { secretKeyRef: PASSWORD_REF } };
			expect(password, name).to.deep.equal(hasPassword ? reference : undefined);
			const checksum = configMap.metadata.annotations?.[CHECKSUM_ANNOTATION];
			expect(checksum, name).to.be.a('string');
			expect(metadata.annotations[TEMPLATE_CHECKSUM_ANNOTATION], name).to.equal(checksum);
		}));

	it('RunConfig › backend replicas and Redis › written for the proxy', () =>
		eventually(async () => {
			for (const namespace of NAMESPACES) {
				const redis = { address: REDIS.address, db: REDIS.db, key_prefix: REDIS.keyPrefix };
				const search = await configOf(namespace, 'search-runconfig');
				expect(search.scaling_config).to.deep.include({ backend_replicas: 2, session_redis: redis });
				// Only the product writes the copy at top level.
				expect(search.session_redis).to.deep.equal(IS_CAPABLE ? undefined : redis);
				expect((await configOf(namespace, 'crm-runconfig')).scaling_config.session_redis).to.deep.include(redis);
				const { passwordRef: _notInConfig, ...storage } = REDIS;
				expect((await configOf(namespace, 'hub-vmcp-config')).sessionStorage).to.deep.include(storage);
			}
		}, WITHIN_MS));

	it('conditions › every server › each type once, with the status and reason of the specification', () =>
		every(({ example, server }) => {
			const conditions: { type: string; status: string; reason: string }[] = server['status']?.conditions ?? [];
			const types = conditions.map(({ type }) => type);
			expect(types, example.name).to.deep.equal([...new Set(types)]);
			// The product sets the condition only if the server has more than one replica.
			const { replicas = 0 } = example.spec as { replicas?: number };
			if (IS_CAPABLE || replicas > 1) expect(types, example.name).to.include('SessionStorageWarning');
			const active = conditions.filter(({ type, status }) => WARNING_TYPES.includes(type) && status === 'True');
			expect(active.map(({ reason }) => reason).sort(), example.name).to.deep.equal(ACTIVE[example.name] ?? []);
			if (example.name === 'search')
				expect(conditions.map(({ reason }) => reason)).to.include('SessionStorageConfigured');
		}));

	it('denial › keyPrefix without a final colon › rejected with field and fix', async () => {
		const { code, stderr } = await applyServer('denied', { ...REDIS, keyPrefix: 'mine' });
		expect(code).to.equal(1);
		expect(stderr).to.contain('spec.sessionStorage.keyPrefix').and.to.contain('must end in a colon');
	});

	if (IS_CAPABLE)
		it('webhooks › the operator writes › only new Deployments are changed', () => {
			const mutated = harness.writesOf('operator').filter(({ isMutated }) => isMutated);
			expect(tally(mutated)).to.deep.equal(
				Object.fromEntries(EXAMPLES.map(({ name }) => [`create deployments ${name}`, 1])),
			);
		});

	it('sessionStorage.tls › the operator knows the field › written; else the API server rejects it', async () => {
		const { code, stderr } = await applyServer('secure', { ...REDIS, tls: {} });
		if (isOlder(OPERATOR, OPERATOR_SINCE.carriesRedisTls))
			return void expect(stderr).to.contain('unknown field "spec.sessionStorage.tls"');
		expect(code, stderr).to.equal(0);
		await replicasBecome('secure', 1);
		const { data } = await harness.get('late', 'configmap', 'secure-runconfig');
		expect(JSON.parse(data['runconfig.json']).scaling_config.session_redis.tls).to.be.an('object');
	});

	it('changes › replicas, db and kubectl scale › Deployments and RunConfigs; shutdown settings are kept', async () => {
		for (const { resource, name } of CHANGED) await edit(resource, name, { replicas: 5, sessionStorage: { db: 4 } });
		for (const { name, configMap } of CHANGED) {
			await replicasBecome(name, 5);
			await eventually(async () => {
				const stored = await harness.get('late', 'configmap', configMap);
				const { sessionStorage, scaling_config: scaling } = await configOf('late', configMap);
				expect((sessionStorage ?? scaling.session_redis).db, name).to.equal(4);
				const { metadata, spec } = (await harness.get('late', 'deployment', name))['spec'].template;
				const checksum = stored.metadata.annotations?.[CHECKSUM_ANNOTATION];
				expect(metadata.annotations[TEMPLATE_CHECKSUM_ANNOTATION], name).to.equal(checksum);
				// The operator sends neither.
				expect(spec.terminationGracePeriodSeconds, name).to.equal(45);
				expect(spec.containers[0].lifecycle, name).to.deep.equal(PRE_STOP);
			}, WITHIN_MS);
		}
		// The scale of `plain` is kept with every operator, of `hub` only with v0.12.5, and of `files` (stdio) never.
		await must('scale', 'deployment', 'plain', 'files', '--replicas=4');
		await must('scale', 'deployment', 'hub', '--replicas=2');
		expect(await replicasOf('files')).to.equal(1);
	});

	it(`idle › ${QUIET_MS / 1_000} s › no object changes, and the product writes nothing`, async () => {
		const { since } = await settled(harness, NAMESPACES, QUIET_MS);
		const writes = harness.writesOf('operator', since);
		expect(writes.filter(({ code }) => code >= 300)).to.deep.equal([]);
		// v0.12.5 keeps sending its own pod template while the webhook restores the password.
		if (IS_CAPABLE) expect(tally(writes.filter(({ resource }) => !resource.endsWith('/status')))).to.deep.equal({});
	});

	it(`replica counts › afterwards › kept without replicas, ${IS_CAPABLE ? 'reset' : 'kept'} with them, 1 for stdio`, async () => {
		const counts = { plain: 4, hub: IS_CAPABLE ? 5 : 2, files: 1 };
		for (const [name, expected] of Object.entries(counts)) expect(await replicasOf(name), name).to.equal(expected);
	});

	it('replicas and Redis › removed › the count stays, RunConfig and password are cleaned', async () => {
		for (const { resource, name } of CHANGED) await edit(resource, name, { replicas: null, sessionStorage: null });
		for (const { name, configMap } of CHANGED)
			await eventually(async () => {
				const { data } = await harness.get('late', 'configmap', configMap);
				expect(JSON.stringify(data), name).not.to.contain(REDIS.address);
				const { spec } = await harness.get('late', 'deployment', name);
				expect(spec.replicas, name).to.equal(name === 'hub' && !IS_CAPABLE ? 2 : 5);
				expect(JSON.stringify(spec.template), name).not.to.contain(PASSWORD_ENV);
			}, WITHIN_MS);
	});

	if (IS_CAPABLE)
		it('the product › everything above › it wrote nothing itself', () =>
			expect(tally(harness.writesOf('product'))).to.deep.equal({}));

	it('servers › deleted › nothing that the operator created is left', async () => {
		await must('delete', SERVERS, '--all', '--timeout=90s');
		await eventually(async () => {
			const names = (await must('get', `${SERVERS},${CREATED}`, '-o', 'name')).split('\n');
			expect(names).to.have.members(NOT_CREATED_BY_OPERATOR);
		}, WITHIN_MS);
	});
});

interface Found {
	readonly example: Example;
	readonly server: Stored;
	readonly deployment: Stored;
	readonly configMap: Stored;
	/** Whether the server was created while the product was running. */
	readonly isNew: boolean;
}

function find(objects: Snapshot, namespace: string, example: Example): Found {
	const [server, deployment, configMap] = [
		`${example.kind} ${namespace}/${example.name}`,
		`Deployment ${namespace}/${example.name}`,
		`ConfigMap ${namespace}/${example.name}${KINDS[example.kind].configMapSuffix}`,
	].map((key) => objects.get(key) ?? expect.fail(`there is no ${key}`)) as [Stored, Stored, Stored];
	return { example, server, deployment, configMap, isNew: namespace === 'late' };
}
