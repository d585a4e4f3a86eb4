/** Objects that are made to break whoever reads them: as text through the whole of admission, as they would arrive. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mutate } from '../../../src/admission/mutate.ts';
import { parseReview, responseText } from '../../../src/admission/review.ts';
import { validate } from '../../../src/admission/validate.ts';
import type { Json, Operation, Server } from '../../../src/api/types.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';

const SERVER: Server = {
	...{ kind: 'MCPServer', namespace: 'shop', name: 'github', uid: 'u', ignore: [] },
	spec: { stdio: false, replicas: 2, sessionStorage: { provider: 'redis', address: 'redis:6379' } },
};
const CLUSTER = {
	findServer: () => SERVER,
	findDeployment: () => ({ namespace: 'shop', name: 'github', owners: [SERVER] }),
	clusterContextOf: () => ({ deployment: undefined, runConfig: undefined, autoscalers: [], sharing: [] }),
};
/** Stands for lists in lists. */
const DEEP_VERSION = 'DEEP';
const OWNERS = [
	{ apiVersion: DEEP_VERSION, kind: 'MCPServer', name: 'github', uid: 'u' },
	{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'github', uid: 'u' },
];
const never = new AbortController().signal;

const RESOURCES = {
	'apps/deployments': ['Deployment', 'github'],
	'/configmaps': ['ConfigMap', 'github-runconfig'],
	'/pods': ['Pod', 'github-1'],
	'toolhive.stacklok.dev/mcpservers': ['MCPServer', 'github'],
} as const;
type Resource = keyof typeof RESOURCES;

/** A review whose object has `part` in its place, as text; `operator` writes it over the same with sessions. */
function reviewText(full: Resource, part: string): string {
	const [group, resource] = full.split('/');
	const [kind, name] = RESOURCES[full];
	const labels = { app: 'mcpserver', 'toolhive-name': 'github' };
	const metadata = { name, labels, ownerReferences: OWNERS, annotations: 'PART' };
	const apiVersion = kind === 'MCPServer' ? 'toolhive.stacklok.dev/v1beta1' : 'v1';
	const object = { apiVersion, kind, metadata, spec: 'PART', data: { 'runconfig.json': '{}', extra: 'PART' } };
	const request = {
		...{ uid: 'r', resource: { group, resource }, namespace: 'shop', name, operation: 'UPDATE' },
		...{ userInfo: { username: DEFAULT_SETTINGS.operatorUsernames[0] }, object, oldObject: object },
	};
	const text = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
	return text.replaceAll('"PART"', part).replaceAll(`"${DEEP_VERSION}"`, PARTS['lists in lists, 100,000 deep'] ?? '');
}

/** What both webhooks answer to it, as text. */
async function answers(text: string): Promise<string[]> {
	const parsed = parseReview(text);
	if ('error' in parsed) return [parsed.error];
	const changed = await mutate(parsed, CLUSTER, { ...DEFAULT_SETTINGS, passwordEnv: 'pod' }, never);
	return [changed, validate(parsed, CLUSTER)].map((answer) => responseText(parsed.uid, answer));
}

const DEPTH = 100_000;
const PARTS: Readonly<Record<string, string>> = {
	'lists in lists, 100,000 deep': '['.repeat(DEPTH) + ']'.repeat(DEPTH),
	'objects in objects, 100,000 deep': `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
	'a hundred thousand keys': `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join()}}`,
	__proto__:
		'{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"template":{"__proto__":{"polluted":1}}}',
	'a lone surrogate': '{"\\ud800":"\\udfff"}',
	'a NUL': '{"\\u0000":"\\u0000"}',
	'the same key twice': '{"replicas":1,"replicas":2}',
	'a number beyond all': '{"replicas":1e999,"sessionStorage":1e999}',
	'a text': '"x"',
	'a list': '[]',
	null: 'null',
};

describe('admission of what is made to break it', function () {
	this.timeout(60_000);

	for (const [what, part] of Object.entries(PARTS)) {
		for (const full of Object.keys(RESOURCES) as Resource[]) {
			it(`${what} in ${full}: an answer`, async () => {
				for (const text of await answers(reviewText(full, part))) {
					expect(JSON.parse(text).response.uid).to.equal('r');
					expect(text).not.to.contain('polluted');
				}
				expect(({} as Json)['polluted']).to.equal(undefined);
				expect(Object.keys(Object.prototype)).to.deep.equal([]);
			});
		}
	}

	/** Fields that the schema knows, in which validate looks deeper than anywhere else. */
	for (const [depth, said] of [
		[1_000, 'an answer'],
		[DEPTH, 'an error, as no API server takes what is nested more than 10,000 deep'],
	] as const) {
		it(`sessionStorage ${depth} deep on both sides, changed at the bottom: ${said}`, () => {
			const deep = (end: string): string => `${'{"provider":'.repeat(depth)}${end}${'}'.repeat(depth)}`;
			const object = (end: string): string =>
				`{"apiVersion":"toolhive.stacklok.dev/v1beta1","kind":"MCPServer","metadata":{"name":"github"},"spec":{"replicas":2,"sessionStorage":${deep(end)}}}`;
			const text = JSON.stringify({
				apiVersion: 'admission.k8s.io/v1',
				kind: 'AdmissionReview',
				request: {
					...{ uid: 'r', namespace: 'shop', name: 'github', operation: 'UPDATE', object: 'NEW', oldObject: 'OLD' },
					resource: { group: 'toolhive.stacklok.dev', resource: 'mcpservers' },
				},
			});
			const parsed = parseReview(text.replace('"NEW"', object('1')).replace('"OLD"', object('2')));
			expect('error' in parsed).to.equal(false);
			if ('error' in parsed) return;
			if (depth === DEPTH) expect(() => validate(parsed, CLUSTER)).to.throw(RangeError, 'call stack');
			else expect(validate(parsed, CLUSTER)).to.have.property('allowed');
		});
	}

	it('a number that JavaScript cannot hold is never written back: the patch names only what is ours', async () => {
		const big = '9007199254740993';
		const [text = ''] = await answers(
			reviewText(
				'apps/deployments',
				`{"replicas":5,"big":${big},"template":{"big":${big},"spec":{"big":${big},"containers":[{"name":"toolhive","big":${big}}]}}}`,
			).replace('"UPDATE"', '"CREATE"'),
		);
		const operations = JSON.parse(Buffer.from(JSON.parse(text).response.patch, 'base64').toString()) as Operation[];
		expect(operations).to.have.length.above(0);
		for (const { path, value } of operations as (Operation & { value?: unknown })[]) {
			expect(path).to.match(
				/^\/(metadata\/annotations|spec\/(replicas|template\/spec\/(terminationGracePeriodSeconds|containers\/0\/(env|lifecycle))))/,
			);
			expect(JSON.stringify(value) ?? '').not.to.contain('9007199254740992');
		}
	});

	it('a server is looked for in the namespace that the API server names, whatever the object says', async () => {
		const asked: unknown[] = [];
		const cluster = { ...CLUSTER, findServer: (ref: unknown) => void asked.push(ref) };
		for (const full of ['apps/deployments', '/configmaps', '/pods'] as const) {
			const parsed = parseReview(
				reviewText(full, '{}').replaceAll('"metadata":{', '"metadata":{"namespace":"victim",'),
			);
			if ('error' in parsed) throw new Error(parsed.error);
			await mutate(
				{ ...parsed, operation: 'CREATE' },
				cluster as never,
				{ ...DEFAULT_SETTINGS, passwordEnv: 'pod' },
				never,
			);
		}
		expect(asked).to.have.length.at.least(3);
		expect(asked.map((ref) => (ref as Server).namespace)).to.deep.equal(asked.map(() => 'shop'));
	});

	for (const field of ['namespace', 'name']) {
		it(`a ${field} that would leave its path is looked up nowhere`, async () => {
			const asked: unknown[] = [];
			const cluster = {
				...CLUSTER,
				findServer: (ref: unknown) => void asked.push(ref),
				findDeployment: (...ref: unknown[]) => void asked.push(ref),
			};
			for (const subResource of [undefined, 'scale']) {
				for (const resource of ['deployments', 'configmaps', 'pods']) {
					const object = {
						metadata: {
							name: 'github',
							ownerReferences: OWNERS,
							labels: { app: 'mcpserver', 'toolhive-name': 'github' },
						},
					};
					const request = { uid: 'r', namespace: 'shop', name: 'github', operation: 'CREATE', object, subResource };
					const group = resource === 'deployments' ? 'apps' : '';
					const parsed = parseReview(
						JSON.stringify({
							apiVersion: 'admission.k8s.io/v1',
							kind: 'AdmissionReview',
							request: { ...request, resource: { group, resource }, [field]: '..' },
						}),
					);
					if ('error' in parsed) throw new Error(parsed.error);
					await mutate(parsed, cluster as never, { ...DEFAULT_SETTINGS, passwordEnv: 'pod' }, never);
				}
			}
			expect(JSON.stringify(asked)).not.to.contain('..');
		});
	}
});
