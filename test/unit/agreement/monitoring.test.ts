/** Compares the dashboard, the alert rules and the documents with the metrics. endurance/monitoring runs them. */
import { expect } from 'chai';
import { parse } from 'yaml';
import { dashboard, expressionsOf } from '../../../endurance/monitoring/dashboard.ts';
import { alertRules, COMPONENT } from '../../../endurance/monitoring/rule-file.ts';
import { anchorsIn, between, codesOf, read, rowsOf } from '../../harness/documents.ts';
import { everyMetric } from '../../harness/every-metric.ts';
import { baseObjects } from '../../harness/manifest-files.ts';

const expressions = (): string[] => [...expressionsOf(dashboard()), ...alertRules().map(({ expr }) => expr)];

/** Returns each metric in an expression with the labels that it matches. A bracket after a name is a function. */
const metricsIn = (expr: string): [name: string, labels: string[]][] =>
	[...expr.matchAll(/\b([a-z]+(?:_[a-z0-9]+)+)\b(?!\s*\(|["=!])(?:\{([^}]*)\})?/g)].map(
		([, name = '', matchers = '']) => [
			name,
			[...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
		],
	);

describe('dashboard and alert rules', () => {
	it('expressions › use only existing metrics and labels', async () => {
		const known = new Map<string, Set<string>>();
		for (const [, name = '', labels = ''] of (await everyMetric()).matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
			const all = known.get(name) ?? new Set(['job', 'namespace', 'pod']);
			for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) all.add(label);
			known.set(name, all);
		}
		const used = expressions()
			.flatMap(metricsIn)
			.filter(([name]) => !name.startsWith('apiserver_'));
		expect(used.length).to.be.above(40);
		const unknown = used.filter(([name, labels]) => !labels.every((label) => known.get(name)?.has(label)));
		expect(unknown).to.deep.equal([]);
		expect(used.filter(([name]) => !known.has(name))).to.deep.equal([]);
	});

	it('every alert › has a row in docs/monitoring.md and a section in docs/troubleshooting.md', () => {
		const rows = rowsOf(between(read('docs/monitoring.md'), '## Alerts', '## ')).map(([name = '', severity, after]) => [
			codesOf(name)[0],
			severity,
			after,
		]);
		const rules = alertRules().map((rule) => [rule.alert, rule.labels.severity, rule.for ?? 'immediately']);
		expect(rows).to.deep.equal(rules);
		const page = 'https://github.com/toolhive-scaling/toolhive-scaling/blob/main/docs/troubleshooting.md';
		const sections = [...anchorsIn(read('docs/troubleshooting.md'))].map((anchor) => `${page}#${anchor}`);
		expect(sections).to.include.members(alertRules().map(({ annotations }) => annotations.runbook_url));
	});

	it('the ServiceMonitor › selects the metrics Service and its port', () => {
		const { spec, metadata } = parse(read(`${COMPONENT}/service-monitor.yaml`));
		const selected = baseObjects().filter(
			({ kind, metadata: { labels = {} } }) =>
				kind === 'Service' &&
				Object.entries(spec.selector.matchLabels).every(([label, value]) => labels[label] === value),
		);
		expect(selected.map((one) => `${one.metadata.namespace}/${one.metadata.name}`)).to.deep.equal([
			`${metadata.namespace}/toolhive-scaling-metrics`,
		]);
		const ports = selected.flatMap((service) => (service.spec as { ports: { name: string }[] }).ports);
		expect(ports.map(({ name }) => name)).to.deep.equal([spec.endpoints[0].port]);
	});
});
