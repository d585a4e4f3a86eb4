import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { isProblem, isSkipped, isUnreviewed, problemText } from '../../../src/manifests/problem.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { deploymentText, REDIS, reviewAll, reviewed, serverText } from '../../harness/review-command.ts';

const replicasIn = (object: Json | undefined): unknown => (object?.['spec'] as Json | undefined)?.['replicas'];

describe('review', () => {
	it('knows servers that stand after what belongs to them, and in other files', async () => {
		const [deployment] = await reviewAll({
			'1.yaml': deploymentText('search'),
			'2.yaml': serverText('search', `  replicas: 3\n${REDIS}`),
		});
		expect(deployment).to.include({ kind: 'Deployment', verdict: 'mutated', file: '1.yaml' });
		expect(deployment !== undefined && 'after' in deployment && replicasIn(deployment.after)).to.equal(3);
	});

	it('says where a finding stands, also in the second document', async () => {
		const [, files] = await reviewed(serverText('search', '  replicas: 1') + serverText('files', '  replicas: 2'));
		expect(files?.line).to.equal(12);
		expect(files?.warnings.map(({ id, field, line }) => [id, field, line])).to.deep.equal([
			['session-storage-missing', 'spec.sessionStorage', 17],
		]);
	});

	it('denies with the message kubectl prints, and each reason with its line', async () => {
		const [one] = await reviewed(serverText('bad', '  replicas: -1\n  sessionStorage:\n    provider: redis'));
		expect(one?.verdict).to.equal('denied');
		expect(one?.message).to.equal(
			'spec.replicas: must be at least 0; spec.sessionStorage: address is required when provider is redis',
		);
		expect(one?.denials.map(({ id, line }) => [id, line])).to.deep.equal([
			['scaling-field-invalid', 10],
			['redis-address-missing', 11],
		]);
		expect(one).not.to.have.property('after');
		expect(one?.conditions).to.deep.equal([]);
	});

	it('tells the conditions that the reconciler would set, and others only where they are already', async () => {
		const conditions = async (text: string) =>
			(await reviewed(text)).flatMap((one) => one.conditions.map(({ type, status }) => `${type} ${status}`));
		expect(await conditions(serverText('a', '  replicas: 1'))).to.deep.equal([]);
		expect(await conditions(serverText('a', `  replicas: 2\n${REDIS}`))).to.deep.equal(['SessionStorageWarning False']);
		const had = 'status:\n  conditions: [{ type: SessionStorageWarning, status: "True" }]';
		expect(await conditions(serverText('a', `  replicas: 1\n${had}`))).to.deep.equal(['SessionStorageWarning False']);
	});

	it('keeps every digit of what it does not touch', async () => {
		const text = deploymentText('search').replace('  replicas: 1\n', '  replicas: 1\n  big: 12345678901234567890\n');
		const [, deployment] = await reviewed(serverText('search', '  replicas: 3') + text);
		expect(deployment?.verdict).to.equal('mutated');
		expect(deployment?.after).to.have.nested.property('spec.big', 12345678901234567890n);
	});

	it('with the settings of another serve says something else', async () => {
		const text = serverText('search', '  replicas: 3') + deploymentText('search');
		const [, deployment] = await reviewed(text, { settings: { ...DEFAULT_SETTINGS, gracePeriodSeconds: 77 } });
		expect(JSON.stringify(deployment?.patch)).to.include('77');
	});

	it('leaves what is nobody’s as it is', async () => {
		const [one] = await reviewed('apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n');
		expect(one).to.include({ verdict: 'unchanged', kind: 'Secret', namespace: 'default' });
		expect(one?.after).to.equal(one?.before);
		expect(one?.previews).to.deep.equal([]);
	});

	it('goes on after what cannot be read', async () => {
		const all = await reviewAll({ a: 'a: 1\n b: 2\n', b: 'toolhive.stacklok.dev: [', c: serverText('search', '') });
		expect(all.map((one) => [isSkipped(one), isProblem(one)])).to.deep.equal([
			[true, false],
			[false, true],
			[false, false],
		]);
	});
});

describe('review of autoscalers', () => {
	const scaledObject = (spec: string, apiVersion = 'keda.sh/v1alpha1'): string =>
		`---\napiVersion: ${apiVersion}\nkind: ScaledObject\nmetadata: { name: s, namespace: demo }\nspec:\n${spec}\n`;
	const target = (fields: string): string => `  scaleTargetRef: { ${fields} }`;
	const KEDA = scaledObject(target('name: search'));
	const ROWS: { it: string; spec: string; other: string; warnings: string[] }[] = [
		{
			it: 'a ScaledObject with the defaults of KEDA › sessions need Redis',
			spec: '  sessionAffinity: None',
			other: KEDA,
			warnings: [
				'session-storage-missing: needs redis: up to 100 replicas by ScaledObject s',
				'session-affinity-none-without-redis: None needs redis: ScaledObject s',
			],
		},
		{
			it: 'a ScaledObject and replicas › one of them has to go',
			spec: `  replicas: 2\n${REDIS}`,
			other: KEDA,
			warnings: ['autoscaled-and-pinned: remove it: the count belongs to ScaledObject s'],
		},
		{
			it: 'a ScaledObject up to 1 › nothing',
			spec: '  sessionAffinity: None',
			other: scaledObject(`${target('name: search')}\n  maxReplicaCount: 1`),
			warnings: [],
		},
		{
			it: 'a ScaledObject of the StatefulSet and backendReplicas › one of them has to go',
			spec: `  backendReplicas: 1\n${REDIS}`,
			other: scaledObject(target('kind: StatefulSet, name: search')),
			warnings: ['backend-autoscaled-and-pinned: conflicts with ScaledObject s'],
		},
		{
			it: 'a ScaledObject of the server itself › it has to target the Deployment',
			spec: REDIS,
			other: scaledObject(target('apiVersion: toolhive.stacklok.dev/v1beta1, kind: MCPServer, name: search')),
			warnings: ['autoscaler-target-invalid: target the Deployment in ScaledObject s'],
		},
		{
			it: 'a ScaledObject of another server, namespace or project › nothing',
			spec: '',
			other:
				scaledObject(target('name: files')) +
				KEDA.replace('namespace: demo', 'namespace: other') +
				scaledObject(target('name: search'), 'example.com/v1'),
			warnings: [],
		},
	];
	for (const { it: title, spec, other, warnings } of ROWS) {
		it(title, async () => {
			// In a file of its own, and before the server.
			const all = await reviewAll({ '1.yaml': other, '2.yaml': serverText('search', spec) });
			const server = all.at(-1);
			if (server === undefined || isUnreviewed(server)) throw new Error('the server was not reviewed');
			expect(server.warnings.map(({ id, message }) => `${id}: ${message}`)).to.deep.equal(warnings);
		});
	}
});

describe('review with an operator up to v0.15, and annotations of the proxy pods', () => {
	const annotated = `  resourceOverrides: { proxyDeployment: { podTemplateMetadataOverrides: { annotations: { a: b } } } }\n${REDIS}`;
	const warned = async (spec: string, toolhive?: string): Promise<string[]> => {
		const [one] = await reviewed(serverText('search', spec), toolhive === undefined ? {} : { toolhive });
		return (one?.warnings ?? []).map(({ id }) => id).filter((id) => id !== 'image-too-old');
	};
	it('--server-version up to v0.15 › a RunConfig change does not restart the pods', async () => {
		for (const version of ['v0.12.5', 'v0.15.0']) {
			expect(await warned(annotated, version), version).to.deep.equal(['run-config-restart-missing']);
		}
	});
	it('a later version, none, or no annotations › nothing', async () => {
		expect(await warned(annotated, 'v0.47.0')).to.deep.equal([]);
		expect(await warned(annotated)).to.deep.equal([]);
		expect(await warned(REDIS, 'v0.12.5')).to.deep.equal([]);
	});
});

describe('review of a namespace that is left empty', () => {
	for (const empty of ['', ' ""', ' null', ' ~']) {
		it(`namespace:${empty} is the default one`, async () => {
			const text = (serverText('search', '  replicas: 3') + deploymentText('search')).replaceAll(' demo', empty);
			const [server, deployment] = await reviewed(text);
			expect([server?.namespace, server?.previews.length]).to.deep.equal(['default', 1]);
			expect(deployment).to.include({ verdict: 'mutated', namespace: 'default' });
			expect(deployment?.notes).to.deep.equal([]);
		});
	}
});

describe('review of an AdmissionReview', () => {
	const reviewOf = (request: string): string => `apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n${request}`;
	const scale = reviewOf(`request:
  operation: UPDATE
  subResource: scale
  resource: { group: apps, version: v1, resource: deployments }
  object:
    apiVersion: autoscaling/v1
    kind: Scale
    metadata: { name: files, namespace: demo }
    spec: { replicas: 5 }
`);
	const files = serverText('files', '').replace('streamable-http', 'stdio');

	it('takes the other manifests for the cluster', async () => {
		const all = await reviewed(`${files}${deploymentText('files')}---\n${scale}`);
		const one = all.at(-1);
		expect(one).to.include({ kind: 'Scale', verdict: 'mutated', operation: 'UPDATE' });
		expect(one?.warnings.map(({ id, line }) => [id, line])).to.deep.equal([['stdio-replicas-capped', 37]]);
		expect(one?.notes).to.deep.equal([]);
	});
	it('says what it cannot know', async () => {
		expect((await reviewed(scale))[0]?.notes).to.deep.equal([
			'Deployment demo/files is not in the input, so its server is not known',
		]);
	});
	it('of a server that also stands as a manifest is no second server', async () => {
		const object = files.replace('---\n', '').replaceAll('\n', '\n    ');
		const [first, second] = await reviewed(`${files}---\n${reviewOf(`request:\n  object:\n    ${object}`)}`);
		expect([first?.notes, second?.notes]).to.deep.equal([[], []]);
	});
	it('that is none says what is missing', async () => {
		for (const [request, says] of [
			['', 'no request with an object'],
			['request: { object: 3 }\n', 'no request with an object'],
			['request: { object: { kind: X } }\n', 'no apiVersion and kind'],
			['request: { object: { apiVersion: v1, kind: X }, operation: [] }\n', 'request.operation is missing'],
		] as const) {
			const [skipped] = await reviewAll({ f: reviewOf(request) });
			expect(skipped !== undefined && isSkipped(skipped) ? problemText(skipped) : '')
				.to.include('f:1: skipped: ')
				.and.include(says);
			const [one] = await reviewAll({ f: `${reviewOf(request)}about: toolhive.stacklok.dev\n` });
			expect(one !== undefined && isProblem(one) ? problemText(one) : '')
				.to.include('f:1: ')
				.and.include(says);
		}
	});
	it('of another version says so', async () => {
		const [one] = await reviewAll({ f: scale.replace('k8s.io/v1', 'k8s.io/v1beta1') });
		expect(one !== undefined && isUnreviewed(one) ? problemText(one) : '').to.include('only admission.k8s.io/v1');
	});
});

describe('what review had to assume', () => {
	const notesOf = async (files: Readonly<Record<string, string>>): Promise<string[]> =>
		(await reviewAll(files)).flatMap((one) => (isUnreviewed(one) ? [] : [...one.notes]));

	it('nothing, where an owner is there', async () => {
		expect(await notesOf({ a: serverText('search', '') + deploymentText('search') })).to.deep.equal([]);
	});
	it('an owner that is not in the input', async () => {
		expect(await notesOf({ a: deploymentText('search') })).to.deep.equal([
			'its owner MCPServer demo/search is not in the input, so it is treated as unrelated to ToolHive',
		]);
	});
	it('an owner with another uid', async () => {
		const server = serverText('search', '').replace('  namespace', '  uid: "1"\n  namespace');
		const [note] = await notesOf({ a: server, b: deploymentText('search', '"2"') });
		expect(note).to.include('MCPServer demo/search with uid 2').and.include('not in the input');
	});
	it('an owner that stands twice, in two other files', async () => {
		const notes = await notesOf({ a: serverText('s', ''), b: serverText('s', ''), c: deploymentText('s') });
		expect(notes[0]).to.include('MCPServer demo/s is also in b:2');
		expect(notes[2]).to.include('is in a:2, b:2; the first one is used');
	});
	it('of a server that stands often, some of its places', async () => {
		const [note] = await notesOf({ a: serverText('s', '').repeat(9) });
		expect(note).to.include('is also in a:12, a:22, a:32 and 5 more');
	});
	it('an owner that stands twice, of which one is in its own file', async () => {
		const notes = await notesOf({ a: serverText('s', ''), b: serverText('s', '') + deploymentText('s') });
		expect(notes).to.have.length(2);
	});
});

describe('what the operator’s objects would get', () => {
	const previewsOf = async (text: string, toolhive?: string) => {
		const [one] = await reviewed(text, toolhive === undefined ? {} : { toolhive });
		return one?.previews ?? [];
	};
	const pathsOf = (additions: readonly { path: string; value: string }[] = []): string[] =>
		additions.map(({ path, value }) => `${path}=${value}`);

	it('count, grace period and password; RunConfig once, not in both its places', async () => {
		const [deployment, configMap] = await previewsOf(serverText('s', `  replicas: 3\n  backendReplicas: 2\n${REDIS}`));
		expect(pathsOf(deployment?.additions)).to.deep.equal([
			'spec.replicas=3',
			'spec.template.spec.containers[toolhive].env[THV_SESSION_REDIS_PASSWORD].valueFrom.secretKeyRef.name="redis-auth"',
			'spec.template.spec.containers[toolhive].env[THV_SESSION_REDIS_PASSWORD].valueFrom.secretKeyRef.key="password"',
		]);
		expect(configMap).to.include({ kind: 'ConfigMap', name: 's-runconfig' });
		expect(pathsOf(configMap?.additions)).to.deep.equal([
			'backend_replicas=2',
			'session_redis.address="redis.demo.svc:6379"',
		]);
	});
	it('a count that is capped shows as what it will be', async () => {
		const [deployment] = await previewsOf(serverText('s', '  replicas: 3').replace('streamable-http', 'stdio'));
		expect(pathsOf(deployment?.additions)[0]).to.equal('spec.replicas=1');
	});
	it('no count where the server asks for none', async () => {
		const [deployment] = await previewsOf(serverText('s', ''));
		expect(pathsOf(deployment?.additions)).to.deep.equal([]);
	});
	it('shutdown settings that are not the usual ones', async () => {
		const settings = { ...DEFAULT_SETTINGS, gracePeriodSeconds: 60, preStopSeconds: 10 };
		const [one] = await reviewed(serverText('s', ''), { settings });
		expect(pathsOf(one?.previews[0]?.additions)).to.deep.equal([
			'spec.template.spec.terminationGracePeriodSeconds=60',
			'spec.template.spec.containers[toolhive].lifecycle.preStop.sleep.seconds=10',
		]);
	});
	it('nothing is made up for what is in the input', async () => {
		const previews = await previewsOf(serverText('s', '') + deploymentText('s'));
		expect(previews.map(({ kind }) => kind)).to.deep.equal(['ConfigMap']);
	});
	it('of two servers of one name each is asked about itself', async () => {
		const [, second] = await reviewed(serverText('s', '  replicas: 2') + serverText('s', '  replicas: 5'));
		expect(pathsOf(second?.previews[0]?.additions)[0]).to.equal('spec.replicas=5');
	});
	it('a vMCP whose image is not known stays as it is, and gets Redis with one that is', async () => {
		const text = serverText('hub', REDIS).replace('MCPServer', 'VirtualMCPServer').replace('v1beta1', 'v1alpha1');
		const [, unknown] = await previewsOf(text);
		expect(unknown?.additions).to.deep.equal([]);
		expect(unknown?.findings[0]?.id).to.equal('image-too-old');
		const [, known] = await previewsOf(text, 'v0.20.0');
		expect(pathsOf(known?.additions)).to.include('sessionStorage.address="redis.demo.svc:6379"');
	});
	describe('a VirtualMCPServer in v1beta1, which is for v0.23.0 or later', () => {
		const hub = serverText('hub', REDIS).replace('MCPServer', 'VirtualMCPServer');
		const withImage = (image: string): string =>
			hub.replace(
				'spec:\n',
				`spec:\n  podTemplateSpec: { spec: { containers: [{ name: vmcp, image: "${image}" }] } }\n`,
			);
		const deployed = (tag: string): string =>
			hub +
			deploymentText('hub')
				.replace('MCPServer', 'VirtualMCPServer')
				.replace('toolhive, image', 'vmcp, image')
				.replace(':v0.18.0', tag);
		const ROWS: { it: string; text: string; toolhive?: string; ids: string[] }[] = [
			{ it: 'image unknown › no warning', text: hub, ids: [] },
			{ it: 'image of the tag latest › no warning', text: withImage('vmcp:latest'), ids: [] },
			{ it: 'Deployment of the tag latest › no warning', text: deployed(':latest'), ids: [] },
			{ it: 'image of a digest › no warning', text: withImage('vmcp@sha256:0a'), ids: [] },
			{ it: 'image known to be old › warned of', text: withImage('vmcp:v0.12.5'), ids: ['image-too-old'] },
			{ it: 'Deployment known to be old › warned of', text: deployed(':v0.12.5'), ids: ['image-too-old'] },
			{ it: 'cluster known to be old › warned of', text: hub, toolhive: 'v0.12.5', ids: ['image-too-old'] },
			{ it: 'written in v1alpha1 › warned of', text: hub.replace('v1beta1', 'v1alpha1'), ids: ['image-too-old'] },
		];
		for (const { it: title, text, toolhive, ids } of ROWS) {
			it(title, async () => {
				const [one] = await reviewed(text, toolhive === undefined ? {} : { toolhive });
				expect(one?.warnings.map(({ id }) => id)).to.deep.equal(ids);
				const config = one?.previews.find(({ kind }) => kind === 'ConfigMap');
				expect(pathsOf(config?.additions).length > 0, 'its configuration gets Redis').to.equal(ids.length === 0);
			});
		}
	});
	it('what keeps them from getting it is a warning of the server, in every output', async () => {
		const tls = serverText('s', `${REDIS}\n    tls: { caCertSecretRef: { name: ca, key: ca.crt } }`);
		const warned = async (toolhive?: string) =>
			(await reviewed(tls, toolhive === undefined ? {} : { toolhive }))[0]?.warnings.map(({ id, line }) => [id, line]);
		expect(await warned()).to.deep.equal([['redis-tls-unsupported', 14]]);
		expect(await warned('v0.61.0')).to.deep.equal([['redis-tls-unsupported', 14]]);
		expect(await warned('v0.62.0')).to.deep.equal([]);
		const text = serverText('hub', REDIS).replace('MCPServer', 'VirtualMCPServer').replace('v1beta1', 'v1alpha1');
		const [hub] = await reviewed(text);
		expect(hub?.warnings.map(({ id }) => id)).to.deep.equal(['image-too-old']);
	});
	it('nothing for a server that is denied', async () => {
		expect(await previewsOf(serverText('s', '  replicas: -1'))).to.deep.equal([]);
	});
});
