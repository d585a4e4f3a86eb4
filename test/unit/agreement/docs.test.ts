/** Compares handwritten tables in the documents with the code. */
import { expect } from 'chai';
import { SINCE } from '../../../src/api/images.ts';
import { OPERATOR_SINCE } from '../../../src/api/operators.ts';
import { CHECKS } from '../../../src/doctor/run-checks.ts';
import { EVENT_REASONS } from '../../../src/reconciler/client.ts';
import { between, codesOf, read, rowsOf } from '../../harness/documents.ts';
import { everyMetric } from '../../harness/every-metric.ts';
import { mutating, objectOf, podWebhooks, validating } from '../../harness/manifest-files.ts';

const first = (text = ''): string | undefined => codesOf(text)[0];

async function metrics(): Promise<unknown[]> {
	const text = await everyMetric();
	return [...text.matchAll(/^# TYPE (thv_scaling_\w+) (\w+)$/gm)].map(([, name = '', type]) => {
		const [, sample = ''] = new RegExp(`^${name}(?:_bucket)?(?:\\{(.*)\\})? `, 'm').exec(text) ?? [];
		const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
		return [name, type, labels.sort().join()];
	});
}

type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', string[]> & { resourceNames?: string[] }>;
const permissions = (): unknown[] =>
	(['ClusterRole', 'Role'] as const).flatMap((kind) =>
		(objectOf(kind) as unknown as { rules: Rule[] }).rules.map((rule) => [
			rule.verbs.join(),
			rule.resources.map((resource) => [resource, rule.apiGroups[0]].filter(Boolean).join('.')).join(),
			rule.resourceNames?.join() ?? '',
			kind === 'ClusterRole' ? 'cluster' : 'own namespace',
		]),
	);

/** A row has a table, what its rows contain, and the same values from the code. */
const TABLES: readonly (readonly [
	file: string,
	begin: string,
	valuesOf: (row: string[]) => unknown,
	expected: () => unknown[] | Promise<unknown[]>,
])[] = [
	[
		'docs/rules.md',
		'| Event',
		([reason, type]) => [first(reason), type],
		() => Object.values(EVENT_REASONS).map(({ reason, type }) => [reason, type]),
	],
	[
		'docs/metrics.md',
		'## Metrics',
		([name, type, labels = '']) => [first(name), type, codesOf(labels).sort().join()],
		metrics,
	],
	[
		'docs/security.md',
		'## Permissions',
		([verbs = '', resources = '', where]) => {
			const [all = '', name = ''] = resources.split(' named ');
			return [codesOf(verbs).join(), codesOf(all).join(), codesOf(name).join(), where];
		},
		permissions,
	],
	[
		'docs/security.md',
		'## When the webhooks do not answer',
		([name, policy]) => [first(name), policy],
		() => [...mutating(), ...podWebhooks(), ...validating()].map(({ name, failurePolicy }) => [name, failurePolicy]),
	],
	[
		'docs/troubleshooting.md',
		'## What doctor reports',
		([title]) => first(title),
		() => Object.values(CHECKS).map(({ title }) => title),
	],
];

describe('tables in documents', () => {
	for (const [file, begin, valuesOf, expected] of TABLES)
		it(`${file} › ${begin} › the rows of the code`, async () =>
			expect(rowsOf(between(read(file), begin, '## ')).map(valuesOf)).to.have.deep.members(await expected()));
	it('operators.md and install.md › each version since which the product behaves differently', () => {
		const page = read('docs/operators.md') + read('docs/install.md');
		for (const version of Object.values({ ...SINCE, ...OPERATOR_SINCE })) expect(page).to.include(version);
	});
	it('dependencies.md › each package with its reason, in an exact version', () => {
		const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
		const all: Readonly<Record<string, string>> = { ...dependencies, ...devDependencies, ...optionalDependencies };
		for (const version of Object.values(all)) expect(version).to.match(/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/);
		const section = between(read('docs/dependencies.md'), '## Why each package', '<!--');
		const reasons = rowsOf(section).filter(([, reason]) => reason !== '');
		expect(reasons.map(([name]) => first(name))).to.have.members(Object.keys(all));
	});
});
