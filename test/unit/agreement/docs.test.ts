/** Compares handwritten lists in the documents with the code. */
import { expect } from 'chai';
import { SINCE } from '../../../src/api/images.ts';
import { OPERATOR_SINCE } from '../../../src/api/operators.ts';
import type { Server } from '../../../src/api/types.ts';
import { STEPS } from '../../../src/certificates/plan.ts';
import { CHECKS } from '../../../src/doctor/run-checks.ts';
import { decide } from '../../../src/policy/decide.ts';
import { EVENT_REASONS } from '../../../src/reconciler/client.ts';
import { between, codesOf, DOCUMENTS, read, rowsOf } from '../../harness/documents.ts';
import { everyMetric } from '../../harness/every-metric.ts';
import { mutating, objectOf, podWebhooks, validating } from '../../harness/manifest-files.ts';

/** Returns the cells of the first table in a section. `first` is the text between backticks in the first cell. */
const tableOf = (file: string, begin: string, end = '## ') => rowsOf(between(read(file), begin, end));
const first = (text = ''): string | undefined => codesOf(text)[0];

describe('docs/rules.md', () => {
	it('conditions › each status and reason that decide returns', () => {
		const listed = tableOf('docs/rules.md', '| condition', '| Event').map(([, , status, reason]) => [
			status,
			first(reason),
		]);
		const server = (replicas: number, stdio: boolean, isRedis: boolean): Server => ({
			...{ kind: 'MCPServer', namespace: 'demo', name: 'web', uid: 'u', ignore: [] },
			spec: { stdio, replicas, ...(isRedis && { sessionStorage: { provider: 'redis', address: 'r:1' } }) },
		});
		const servers = [server(2, true, false), server(2, false, true), server(1, false, false)];
		const made = servers.flatMap((one) => decide(one).conditions).map(({ status, reason }) => `${status} ${reason}`);
		expect(listed.map((row) => row.join(' '))).to.have.members([...new Set(made)]);
	});
	it('Events › each reason with its type', () => {
		const listed = tableOf('docs/rules.md', '| Event').map(([reason, type]) => [first(reason), type]);
		expect(listed).to.have.deep.members(Object.values(EVENT_REASONS).map(({ reason, type }) => [reason, type]));
	});
});

describe('docs/metrics.md', () => {
	it('metrics › each with type and labels', async () => {
		const text = await everyMetric();
		const made = [...text.matchAll(/^# TYPE (thv_scaling_\w+) (\w+)$/gm)].map(([, name = '', type]) => {
			const [, sample = ''] = new RegExp(`^${name}(?:_bucket)?(?:\\{(.*)\\})? `, 'm').exec(text) ?? [];
			const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
			return [name, type, labels.sort().join()];
		});
		const rows = rowsOf(read('docs/metrics.md')).filter(([name]) => name?.startsWith('`thv_scaling_'));
		const listed = rows.map(([name, type, labels = '']) => [first(name), type, codesOf(labels).sort().join()]);
		expect(listed).to.have.deep.members(made);
	});
	it('log messages › each step of the certificate rotation', () => {
		const messages = tableOf('docs/metrics.md', '## Logs').flatMap(([text = '']) => codesOf(text));
		expect(messages).to.include.members(Object.values(STEPS));
	});
});

describe('docs/security.md', () => {
	it('permissions › exactly those in manifests/base, each with the file that needs it', () => {
		const rows = tableOf('docs/security.md', '## Permissions');
		const listed = rows.map(([verbs = '', resources = '', where]) => {
			const [all = '', name = ''] = resources.split(' named ');
			return { verbs: codesOf(verbs), resources: codesOf(all), names: codesOf(name), where };
		});
		for (const [, , , reason] of rows) expect(reason).to.match(/^\[\w+(-\w+)*\.ts\]\(\.\.\/src\//);
		type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', string[]> & { resourceNames?: string[] }>;
		const given = (['ClusterRole', 'Role'] as const).flatMap((kind) =>
			(objectOf(kind) as unknown as { rules: Rule[] }).rules.map(
				({ apiGroups: [group = ''], resources, resourceNames: names = [], verbs }) => ({
					...{ verbs, names, where: kind === 'ClusterRole' ? 'cluster' : 'own namespace' },
					resources: resources.map((resource) => (group === '' ? resource : `${resource}.${group}`)),
				}),
			),
		);
		expect(listed).to.have.deep.members(given);
	});
	it('webhooks › each with its failurePolicy', () => {
		const listed = tableOf('docs/security.md', '## When the webhooks do not answer').map(([name, policy]) => [
			first(name),
			policy,
		]);
		const all = [...mutating(), ...podWebhooks(), ...validating()];
		expect(listed).to.have.deep.members(all.map(({ name, failurePolicy }) => [name, failurePolicy]));
	});
});

describe('other pages', () => {
	it('operators.md and install.md › each version since which the product behaves differently', () => {
		const page = read('docs/operators.md') + read('docs/install.md');
		for (const version of Object.values({ ...SINCE, ...OPERATOR_SINCE })) expect(page).to.include(version);
	});
	it('troubleshooting.md › each check of doctor', () => {
		const listed = tableOf('docs/troubleshooting.md', '## What doctor reports').map(([title]) => first(title));
		expect(listed).to.deep.equal(Object.values(CHECKS).map(({ title }) => title));
	});
	it('docs/adr/README.md › the number and title of each record', () => {
		const records = DOCUMENTS.filter((file) => /^docs\/adr\/\d/.test(file));
		const listed = rowsOf(read('docs/adr/README.md')).map(
			([number, link = '']) => `${number}. ${/^\[(.+)\]/.exec(link)?.[1]}`,
		);
		expect(listed).to.deep.equal(records.map((file) => /^# (.+)$/m.exec(read(file))?.[1]));
	});
	it('dependencies.md › each dependency with its reason and its date, in an exact version', () => {
		const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
		const all: Readonly<Record<string, string>> = { ...dependencies, ...devDependencies, ...optionalDependencies };
		for (const [name, version] of Object.entries(all))
			expect(version, name).to.match(/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/);
		const reasons = tableOf('docs/dependencies.md', '## Why each package', '<!--').filter(
			([, reason]) => reason !== '',
		);
		expect(reasons.map(([name]) => first(name))).to.have.members(Object.keys(all));
		const dated = tableOf('docs/dependencies.md', '| package', '## Why each package').filter(([name]) => first(name));
		expect(dated.map(([name]) => first(name))).to.deep.equal(Object.keys(dependencies));
		for (const [name, , date] of dated) expect(date, name).to.match(/^(before )?20\d\d-\d\d(-\d\d)?$/);
	});
});
