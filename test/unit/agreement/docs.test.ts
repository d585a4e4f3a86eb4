/** What the documents list, against the code that they speak of. */
import { expect } from 'chai';
import { SINCE } from '../../../src/api/images.ts';
import { OPERATOR_SINCE } from '../../../src/api/operators.ts';
import type { Server } from '../../../src/api/types.ts';
import { STEPS } from '../../../src/certificates/plan.ts';
import { CHECKS } from '../../../src/doctor/run-checks.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DENIAL_IDS, WARNING_IDS } from '../../../src/policy/rules.ts';
import { EVENT_REASONS } from '../../../src/reconciler/client.ts';
import { between, codesOf, DOCUMENTS, read, rowsOf } from '../../harness/documents.ts';
import { everyMetric } from '../../harness/every-metric.ts';
import { baseObjects, objectOf } from '../../harness/manifest-files.ts';

const headingsOf = (text: string): string[] => [...text.matchAll(/^### (.+)$/gm)].map(([, title = '']) => title);

describe('docs/rules.md', () => {
	const rules = read('docs/rules.md');

	it('tells every warning, in the order in which they are told', () => {
		const told = headingsOf(between(rules, '## What is warned of', '## '));
		expect(told).to.deep.equal([...WARNING_IDS]);
	});
	it('tells every denial', () => {
		expect(headingsOf(between(rules, '## What is denied', '## '))).to.deep.equal([...DENIAL_IDS]);
	});
	it('lists every condition with its statuses and reasons', () => {
		const listed = rowsOf(between(rules, '| condition', '| Event')).map(([, , status, reason = '']) => [
			status,
			...codesOf(reason),
		]);
		const server = (replicas: number, stdio: boolean, isRedis: boolean): Server => ({
			...{ kind: 'MCPServer', namespace: 'demo', name: 'web', uid: 'u', ignore: [] },
			spec: { stdio, replicas, ...(isRedis && { sessionStorage: { provider: 'redis', address: 'r:1' } }) },
		});
		const made = [server(2, true, false), server(2, false, true), server(1, false, false)].flatMap(
			(one) => decide(one).conditions,
		);
		const reasons = new Map(made.map(({ status, reason }) => [reason, [status, reason]]));
		expect(listed).to.have.deep.members([...reasons.values()]);
	});
	it('lists every Event with its type', () => {
		const listed = rowsOf(between(rules, '| Event', '## ')).map(([reason = '', type]) => [codesOf(reason)[0], type]);
		expect(listed).to.have.deep.members(Object.values(EVENT_REASONS).map(({ reason, type }) => [reason, type]));
	});
});

describe('docs/metrics.md', () => {
	it('lists every metric of ours, with type and labels', async () => {
		const text = await everyMetric();
		const made = [...text.matchAll(/^# TYPE (thv_scaling_\w+) (\w+)$/gm)].map(([, name = '', type]) => {
			const [, sample = ''] = new RegExp(`^${name}(?:_bucket)?(?:\\{(.*)\\})? `, 'm').exec(text) ?? [];
			const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
			return [name, type, labels.sort().join()];
		});
		const listed = rowsOf(read('docs/metrics.md'))
			.filter(([name]) => name?.startsWith('`thv_scaling_'))
			.map(([name = '', type, labels = '']) => [codesOf(name)[0], type, codesOf(labels).sort().join()]);
		expect(listed).to.have.deep.members(made);
	});
	it('lists what each step of the certificates is logged with', () => {
		const messages = rowsOf(between(read('docs/metrics.md'), '## Logs', '## ')).flatMap(([text = '']) => codesOf(text));
		expect(messages).to.include.members(Object.values(STEPS));
	});
});

describe('docs/security.md', () => {
	const security = read('docs/security.md');

	it('lists every right of manifests/base, and no other', () => {
		const listed = rowsOf(between(security, '## What it may do', '## ')).map(([verbs = '', resources = '', where]) => {
			const [all = '', name] = resources.split(' named ');
			return { verbs: codesOf(verbs), resources: codesOf(all), names: codesOf(name ?? ''), where };
		});
		const given = (['ClusterRole', 'Role'] as const).flatMap((kind) =>
			rulesOf(kind).map(({ apiGroups: [group = ''], resources, resourceNames = [], verbs }) => ({
				verbs,
				resources: resources.map((resource) => (group === '' ? resource : `${resource}.${group}`)),
				names: resourceNames,
				where: kind === 'ClusterRole' ? 'cluster' : 'own namespace',
			})),
		);
		expect(listed).to.have.deep.members(given);
	});
	it('lists every webhook with its failurePolicy', () => {
		const listed = rowsOf(between(security, '## When it does not answer', '## ')).map(([name = '', policy]) => [
			codesOf(name)[0],
			policy,
		]);
		const registered = baseObjects()
			.filter(({ kind }) => kind.endsWith('WebhookConfiguration'))
			.flatMap((one) => (one as unknown as { webhooks: { name: string; failurePolicy: string }[] }).webhooks)
			.map(({ name, failurePolicy }) => [name, failurePolicy]);
		const podMode = /name: (pods\.\S+)[\s\S]*failurePolicy: (\w+)/.exec(
			read('manifests/components/pod-mode/pods-webhook.yaml'),
		);
		expect(listed).to.have.deep.members([...registered, [podMode?.[1], podMode?.[2]]]);
	});
	it('names a file for each right', () => {
		for (const [, , , reason = ''] of rowsOf(between(security, '## What it may do', '## '))) {
			expect(reason).to.match(/^\[\w+(-\w+)*\.ts\]\(\.\.\/src\//);
		}
	});
});

interface Rule {
	readonly apiGroups: string[];
	readonly resources: string[];
	readonly resourceNames?: string[];
	readonly verbs: string[];
}

const rulesOf = (kind: 'ClusterRole' | 'Role'): readonly Rule[] =>
	(objectOf(kind) as unknown as { rules: readonly Rule[] }).rules;

describe('the other pages', () => {
	it('operators.md names every version from which on something is different', () => {
		const versions = Object.values({ ...SINCE, ...OPERATOR_SINCE });
		const page = read('docs/operators.md') + read('docs/install.md');
		expect(versions.filter((version) => !page.includes(version))).to.deep.equal([]);
	});
	it('troubleshooting.md lists every check of doctor', () => {
		const listed = rowsOf(between(read('docs/troubleshooting.md'), '## What doctor says', '## '));
		expect(listed.map(([title = '']) => codesOf(title)[0])).to.deep.equal(
			Object.values(CHECKS).map(({ title }) => title),
		);
	});
});

describe('docs/adr', () => {
	it('the index has the number and title of every record', () => {
		const records = DOCUMENTS.filter((file) => /^docs\/adr\/\d/.test(file));
		const titles = records.map((file) => /^# (.+)$/m.exec(read(file))?.[1]);
		const listed = rowsOf(read('docs/adr/README.md')).map(
			([number, link = '']) => `${number}. ${/^\[(.+)\]/.exec(link)?.[1]}`,
		);
		expect(listed).to.deep.equal(titles);
	});
});

describe('package.json', () => {
	const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
	const all: Readonly<Record<string, string>> = { ...dependencies, ...devDependencies, ...optionalDependencies };

	it('every dependency has its reason in docs/dependencies.md', () => {
		const rows = rowsOf(between(read('docs/dependencies.md'), '## Why each package', '<!--'));
		const explained = rows.filter(([, purpose]) => purpose !== '').map(([name = '']) => codesOf(name)[0]);
		expect(explained).to.have.members(Object.keys(all));
	});
	it('every version is exact', () => {
		for (const [name, version] of Object.entries(all)) {
			expect(version, name).to.match(/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/);
		}
	});
});
