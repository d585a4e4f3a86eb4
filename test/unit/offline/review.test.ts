import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isUnreviewed } from '../../../src/manifests/problem.ts';
import type { ReviewOptions } from '../../../src/offline/review.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { deploymentText, REDIS, reviewAll, reviewed, serverText } from '../../harness/review-command.ts';

type Options = Partial<ReviewOptions>;
const PLAIN = serverText('search', '');
const HUB = serverText('hub', REDIS).replace('MCPServer', 'VirtualMCPServer');
const OLD_HUB = HUB.replace('v1beta1', 'v1alpha1');
const reviewOf = (request: string): string => `apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n${request}`;

describe('review', () => {
	it('a server after its Deployment, in another file › the Deployment is mutated', async () => {
		const files = { '1.yaml': deploymentText('search'), '2.yaml': serverText('search', `  replicas: 3\n${REDIS}`) };
		const [deployment] = await reviewAll(files);
		expect(deployment).to.include({ kind: 'Deployment', verdict: 'mutated', file: '1.yaml' });
		expect(deployment).to.have.nested.property('after.spec.replicas', 3);
	});
	it('a denied server › each reason with its line, and no object, conditions and previews', async () => {
		const [one] = await reviewed(serverText('bad', '  replicas: -1\n  sessionStorage:\n    provider: redis'));
		const message =
			'spec.replicas: must be at least 0; spec.sessionStorage: address is required when provider is redis';
		expect(one).to.deep.include({ verdict: 'denied', message, conditions: [], previews: [] });
		expect(one?.denials.map(({ id, line }) => [id, line])).to.deep.equal([
			['scaling-field-invalid', 10],
			['redis-address-missing', 11],
		]);
		expect(one).not.to.have.property('after');
	});
	const HAD = 'status:\n  conditions: [{ type: SessionStorageWarning, status: "True" }]';
	it('one replica, and a condition exists › the condition is False', async () => {
		const [one] = await reviewed(serverText('a', `  replicas: 1\n${HAD}`));
		expect(one?.conditions.map(({ type, status }) => `${type} ${status}`)).to.deep.equal([
			'SessionStorageWarning False',
		]);
	});
	it('a mutated object with a large number › every digit is kept', async () => {
		const text = deploymentText('search').replace('  replicas: 1\n', '  replicas: 1\n  big: 12345678901234567890\n');
		const [, deployment] = await reviewed(serverText('search', '  replicas: 3') + text);
		expect(deployment).to.include({ verdict: 'mutated' });
		expect(deployment?.after).to.have.nested.property('spec.big', 12345678901234567890n);
	});
	for (const empty of ['', ' ""'])
		it(`namespace:${empty} › default`, async () => {
			const text = (serverText('search', '  replicas: 3') + deploymentText('search')).replaceAll(' demo', empty);
			const [server, deployment] = await reviewed(text);
			expect([server?.namespace, server?.previews.length]).to.deep.equal(['default', 1]);
			expect(deployment).to.deep.include({ verdict: 'mutated', namespace: 'default', notes: [] });
		});
});

describe('review › warnings', () => {
	const scaled = (fields: string, rest = '', apiVersion = 'keda.sh/v1alpha1'): string =>
		`---\napiVersion: ${apiVersion}\nkind: ScaledObject\nmetadata: { name: s, namespace: demo }\nspec:\n  scaleTargetRef: { ${fields} }\n${rest}`;
	const KEDA = scaled('name: search');
	const OTHERS =
		scaled('name: files') + KEDA.replace('namespace: demo', 'namespace: other') + scaled('name: search', '', 'x/v1');
	const search = (spec: string): string => serverText('search', spec);
	const ANNOTATED = search(
		`  resourceOverrides: { proxyDeployment: { podTemplateMetadataOverrides: { annotations: { a: b } } } }\n${REDIS}`,
	);
	const TLS = serverText('s', `${REDIS}\n    tls: { caCertSecretRef: { name: ca, key: ca.crt } }`);

	/**
	 * A row has a title, manifests that precede the server in the file, the server, the release in the cluster, and `id
	 * line` for each warning.
	 */
	const ROWS: readonly (readonly [string, string, string, Options['toolhive'], ...string[]])[] = [
		['ScaledObject and replicas', KEDA, search(`  replicas: 2\n${REDIS}`), undefined, 'autoscaled-and-pinned 10'],
		['ScaledObjects of other servers, namespaces and APIs', OTHERS, PLAIN, undefined],
		['annotations, v0.12.5', '', ANNOTATED, 'v0.12.5', 'image-too-old 11', 'run-config-restart-missing 10'],
		['annotations, unknown release', '', ANNOTATED, undefined],
		['TLS, v0.55.1', '', TLS, 'v0.55.1'],
		['vMCP in v1beta1, old release', '', HUB, 'v0.12.5', 'image-too-old 10'],
		['vMCP in v1alpha1, unknown image', '', OLD_HUB, undefined, 'image-too-old 10'],
	];
	for (const [title, others, text, toolhive, ...warnings] of ROWS)
		it(`${title} › ${warnings.join(', ') || 'none'}`, async () => {
			const all = await reviewAll({ '1.yaml': others, '2.yaml': text }, toolhive === undefined ? {} : { toolhive });
			const one = all.at(-1);
			if (one === undefined || isUnreviewed(one)) throw new Error('the server was not reviewed');
			expect(one.warnings.map(({ id, line }) => `${id} ${line}`)).to.deep.equal(warnings);
			const config = one.previews.find(({ kind }) => kind === 'ConfigMap')?.additions ?? [];
			if (one.kind === 'VirtualMCPServer') expect(config.length > 0).to.equal(warnings.length === 0);
		});
});

describe('review › AdmissionReview', () => {
	it('for a server that is also a manifest › not a second server', async () => {
		const object = PLAIN.replace('---\n', '').replaceAll('\n', '\n    ');
		const all = await reviewed(`${PLAIN}---\n${reviewOf(`request:\n  object:\n    ${object}`)}`);
		expect(all.map(({ notes }) => notes)).to.deep.equal([[], []]);
	});
	for (const [request, reason] of [
		['request: { object: 3 }\n', 'no request with an object'],
		['request: { object: { kind: X } }\n', 'no apiVersion and kind'],
		['request: { object: { apiVersion: v1, kind: X }, operation: [] }\n', 'request.operation is missing'],
	] as const)
		it(`${request.trim() || 'without a request'} › skipped, or a problem if it mentions ToolHive`, async () => {
			const text = reviewOf(request);
			const [skipped, problem] = await reviewAll({ a: text, b: `${text}about: toolhive.stacklok.dev\n` });
			expect(skipped).to.have.property('skipped').that.includes(reason);
			expect(problem).to.have.property('problem').that.includes(reason);
		});
	it('in another version › only v1 is supported', async () => {
		const text = reviewOf('request: { object: { apiVersion: v1, kind: X } }\n').replace('/v1', '/v1beta1');
		expect((await reviewAll({ f: text }))[0])
			.to.have.property('skipped')
			.that.includes('want admission.k8s.io/v1');
	});
});

describe('review › notes', () => {
	const S = serverText('s', '');
	const D = deploymentText('s');
	const UID = S.replace('  namespace', '  uid: "1"\n  namespace');
	const unrelated = (uid = ''): string =>
		`its owner MCPServer demo/s${uid} is not in the input, so it is treated as unrelated to ToolHive`;
	const also = (places: string): string =>
		`MCPServer demo/s is also in ${places}; kubectl apply keeps the last of them`;
	const ROWS: readonly (readonly [title: string, files: Readonly<Record<string, string>>, ...notes: string[]])[] = [
		['the owner is in the input', { a: S + D }],
		['the owner is not in the input', { a: D }, unrelated()],
		['the owner has another uid', { a: UID, b: deploymentText('s', '"2"') }, unrelated(' with uid 2')],
		[
			'two owners in other files',
			{ a: S, b: S, c: D },
			...[also('b:2'), also('a:2'), 'its owner MCPServer demo/s is in a:2, b:2; the first one is used'],
		],
		['only the reference has a uid', { a: S, b: deploymentText('s', '"2"') }],
		['two owners, one in the same file', { a: S, b: S + D }, also('b:2'), also('a:2')],
	];
	for (const [title, files, ...notes] of ROWS)
		it(`${title} › ${notes.length}`, async () => {
			const all = await reviewAll(files);
			expect(all.flatMap((one) => (isUnreviewed(one) ? [] : one.notes))).to.deep.equal(notes);
		});
	it('a server that occurs nine times › three places and a count', async () =>
		expect((await reviewed(S.repeat(9)))[0]?.notes).to.deep.equal([
			also('in.yaml:12, in.yaml:22, in.yaml:32 and 5 more'),
		]));
});

describe('review › previews', () => {
	const settings = { ...DEFAULT_SETTINGS, gracePeriodSeconds: 60, preStopSeconds: 10 };
	const POD = 'Deployment spec.template.spec';
	const ROWS: readonly (readonly [title: string, text: string, options: Options, ...additions: string[]])[] = [
		[
			'other shutdown settings',
			PLAIN,
			{ settings },
			`${POD}.terminationGracePeriodSeconds=60`,
			`${POD}.containers[toolhive].lifecycle.preStop.sleep.seconds=10`,
		],
		['the Deployment is in the input', serverText('search', '  replicas: 1') + deploymentText('search'), {}],
		['two servers of one name', PLAIN + serverText('search', '  replicas: 5'), {}, 'Deployment spec.replicas=5'],
		[
			'a vMCP with a new image',
			OLD_HUB,
			{ toolhive: 'v0.20.0' },
			'ConfigMap sessionStorage.address="redis.demo.svc:6379"',
		],
	];
	for (const [title, text, options, ...additions] of ROWS)
		it(`${title} › ${additions.join(', ') || 'nothing'}`, async () => {
			const servers = (await reviewed(text, options)).filter(({ kind }) => kind.endsWith('Server'));
			const added = (servers.at(-1)?.previews ?? []).flatMap(({ kind, additions: all }) =>
				all.map(({ path, value }) => `${kind} ${path}=${value}`),
			);
			if (additions.length === 0) expect(added).to.deep.equal([]);
			else expect(added).to.include.members(additions);
		});
});
