/** Compares the dashboard, the alert rules and docs/monitoring.md with the metrics and with each other. */
import { expect } from 'chai';
import { parse } from 'yaml';
import { dashboard, expressionsOf } from '../../../endurance/monitoring/dashboard.ts';
import { alertRules, COMPONENT, ruleFile } from '../../../endurance/monitoring/rule-file.ts';
import { anchorsIn, between, codesOf, read, rowsOf } from '../../harness/documents.ts';
import { everyMetric } from '../../harness/every-metric.ts';
import { baseObjects } from '../../harness/manifest-files.ts';

/** Metrics of the API server. endurance/monitoring queries them from a real API server. */
const API_SERVER_METRICS = /^apiserver_admission_webhook_/;

const expressions = (): string[] => [...expressionsOf(dashboard()), ...alertRules().map(({ expr }) => expr)];

/**
 * Returns the metric names in an expression: names before `{`, and names alone. A function has a bracket after its
 * name, and a keyword has no underscore.
 */
const metricsIn = (expr: string): string[] => {
	const plain = expr.replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ');
	return [...plain.matchAll(/\b[a-z]+(?:_[a-z0-9]+)+\b(?!\s*\()/g)].map(([name]) => name);
};

/** Returns the label matchers, by metric. */
const labelsIn = (expr: string): [string, string][] =>
	[...expr.matchAll(/\b([a-z_0-9]+)\{([^}]*)\}/g)].flatMap(([, name = '', matchers = '']) =>
		[...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)/g)].map(([, label = '']): [string, string] => [name, label]),
	);

describe('dashboard and alert rules', () => {
	it('expressions › use only existing metrics and labels', async () => {
		const lines = (await everyMetric()).split('\n').filter((line) => !line.startsWith('#'));
		const known = new Map<string, Set<string>>();
		for (const line of lines) {
			const name = line.split(/[ {]/)[0] ?? '';
			const labels = known.get(name) ?? new Set();
			for (const [, label = ''] of line.matchAll(/(\w+)="/g)) labels.add(label);
			known.set(name, labels);
		}
		const asked = expressions().flatMap(metricsIn);
		expect(asked.length).to.be.above(40);
		expect(asked.filter((name) => !known.has(name) && !API_SERVER_METRICS.test(name))).to.deep.equal([]);
		const given = new Set(['job', 'namespace', 'pod']);
		const unknown = expressions()
			.flatMap(labelsIn)
			.filter(([name, label]) => !given.has(label) && known.has(name) && !known.get(name)?.has(label));
		expect(unknown).to.deep.equal([]);
	});

	it('the dashboard › shows every metric of the product', async () => {
		const names = [...(await everyMetric()).matchAll(/^# TYPE (thv_scaling_\w+)/gm)].map(([, name = '']) => name);
		const text = expressionsOf(dashboard()).join('\n');
		expect(names.filter((name) => !text.includes(name))).to.deep.equal([]);
	});

	it('every panel in the dashboard › has a description, its own position, and an id', () => {
		const { panels } = dashboard();
		const taken = new Set<string>();
		for (const { title, description, type, gridPos } of panels) {
			expect(type === 'row' || description, title).to.be.ok;
			expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
			for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
				for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
					expect(taken.has(`${x},${y}`), `${title} lies on another panel`).to.equal(false);
					taken.add(`${x},${y}`);
				}
			}
		}
		expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
	});

	it('every alert › has a row in docs/monitoring.md and a section in docs/troubleshooting.md', () => {
		const rows = rowsOf(between(read('docs/monitoring.md'), '## Alerts', '## ')).map(([name = '', severity, after]) => [
			codesOf(name)[0],
			severity,
			after,
		]);
		const rules = alertRules().map((rule) => [rule.alert, rule.labels.severity, rule.for ?? 'immediately']);
		expect(rows).to.deep.equal(rules);
		const anchors = anchorsIn(read('docs/troubleshooting.md'));
		for (const { annotations, alert } of alertRules()) {
			const [page, anchor = ''] = annotations.runbook_url.split('#');
			expect(page, alert).to.equal(
				'https://github.com/toolhive-scaling/toolhive-scaling/blob/main/docs/troubleshooting.md',
			);
			expect(anchors.has(anchor), `${alert}: ${anchor}`).to.equal(true);
		}
	});

	it('docs/monitoring.md › lists every row in the dashboard', () => {
		const listed = rowsOf(between(read('docs/monitoring.md'), '## Dashboard', '## ')).map(([row]) => row);
		const rows = dashboard().panels.filter(({ type }) => type === 'row');
		expect(listed).to.deep.equal(rows.map(({ title }) => title));
	});

	it('every alert › has a test in which it fires, and one in which it does not', () => {
		const { tests } = parse(read('endurance/monitoring/alerts.yaml'), { maxAliasCount: -1 }) as {
			tests: { promql_expr_test: { exp_samples: { labels: string }[] }[] }[];
		};
		const moments = tests.flatMap((one) => one.promql_expr_test.map(({ exp_samples }) => exp_samples));
		for (const { alert } of alertRules()) {
			const fires = moments.filter((samples) => samples.some(({ labels }) => labels.includes(`"${alert}"`)));
			expect(fires, alert).not.to.deep.equal([]);
		}
		expect(moments.filter((samples) => samples.length === 0)).to.have.length.above(20);
	});

	it('the rule file for Prometheus without its operator › equals the rules', () => {
		expect(parse(ruleFile())).to.deep.equal(parse(read(`${COMPONENT}/rules.yaml`)).spec);
	});

	it('the ServiceMonitor › selects the metrics Service and its port', () => {
		const { spec, metadata } = parse(read(`${COMPONENT}/service-monitor.yaml`));
		const selected = baseObjects().filter(
			({ kind, metadata: { labels = {} } }) =>
				kind === 'Service' &&
				Object.entries(spec.selector.matchLabels).every(([label, value]) => labels[label] === value),
		);
		expect(selected.map((service) => service.metadata.name)).to.deep.equal(['toolhive-scaling-metrics']);
		expect(selected[0]?.metadata.namespace).to.equal(metadata.namespace);
		const ports = selected.flatMap((service) => (service.spec as { ports: { name: string }[] }).ports);
		expect(ports.map(({ name }) => name)).to.deep.equal([spec.endpoints[0].port]);
	});
});
