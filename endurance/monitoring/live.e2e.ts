/**
 * Tests a real Prometheus that scrapes the real product and a real API server, and that evaluates the expressions of
 * the dashboard and the alerts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { needControlPlane } from '../../test/harness/control-plane/mocha.ts';
import { serverManifest, useNamespace } from '../../test/harness/namespace.ts';
import { type Product, startProduct } from '../../test/harness/product.ts';
import { dashboard, expressionsOf, withVariables } from './dashboard.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { alertRules } from './rule-file.ts';

const INTERVAL_SECONDS = 1;
const WITHIN_MS = 60_000;

/**
 * These expressions have no result while there is no failure. The API server creates its metrics only after a failed
 * webhook call.
 */
const MAY_BE_EMPTY = / > 0$|ca_expiry|apiserver_admission/;

describe('monitoring: a real Prometheus', () => {
	const plane = needControlPlane({ isOwn: true });
	let product: Product | undefined;
	let prometheus: Prometheus | undefined;
	before(async () => {
		product = await startProduct(plane());
		prometheus = await startPrometheus(plane(), INTERVAL_SECONDS, (line) => void process.stderr.write(`${line}\n`));
		prometheus.scrape({ 'toolhive-scaling-0': product.metricsPort });
	});
	after(async () => {
		await prometheus?.stop();
		await product?.stop();
	});
	const namespace = useNamespace(plane, 'monitored');
	const web = (name: string) => serverManifest('MCPServer', name, { transport: 'streamable-http', replicas: 2 });
	const exprOf = (name: string): string => alertRules().find(({ alert }) => alert === name)?.expr ?? '';
	const query = async (expr: string) => (prometheus as Prometheus).query(withVariables(expr, '30s'));
	const comes = async (expr: string): Promise<void> => {
		const deadlineMs = performance.now() + WITHIN_MS;
		while ((await query(expr)).length === 0) {
			if (performance.now() > deadlineMs) throw new Error(`no result within ${WITHIN_MS / 1000} s: ${expr}`);
			await sleep(500);
		}
	};

	it('every panel in the dashboard › queried › has a result', async () => {
		await comes('thv_scaling_warnings_total{rule="session-storage-missing"} == 0');
		await namespace.apply(web('web'));
		await comes('sum(increase(thv_scaling_warnings_total{job=~"$job",rule="session-storage-missing"}[30s])) > 0');
		for (const expr of expressionsOf(dashboard())) {
			if (MAY_BE_EMPTY.test(expr)) await query(expr);
			else await comes(expr);
		}
	});

	it('the alert rules › loaded › no alert fires', async () => {
		await sleep(3 * INTERVAL_SECONDS * 1000);
		const { groups } = (await (prometheus as Prometheus).get('/api/v1/rules')) as {
			groups: { rules: { name: string; health: string; state: string; lastError?: string }[] }[];
		};
		const states = groups.flatMap(({ rules }) => rules);
		expect(states.map(({ name }) => name)).to.deep.equal(alertRules().map(({ alert }) => alert));
		expect(states.filter(({ health, state }) => health !== 'ok' || state !== 'inactive')).to.deep.equal([]);
	});

	it('denied requests › scraped › counted, and no alert fires', async () => {
		const sessionStorage = { provider: 'redis', address: '' };
		for (const name of ['refused', 'refused-again']) {
			const { stderr } = await namespace.kubectl(
				['apply', '-f', '-'],
				serverManifest('MCPServer', name, { transport: 'sse', sessionStorage }),
			);
			expect(stderr).to.contain('denied the request');
			await comes('apiserver_admission_webhook_rejection_count{error_type="no_error"}');
			await sleep(2 * INTERVAL_SECONDS * 1000);
		}
		await comes('increase(thv_scaling_denials_total{rule="redis-address-empty"}[1m]) > 0');
		await comes('increase(apiserver_admission_webhook_rejection_count{error_type="no_error"}[1m]) > 0');
		expect(await query(exprOf('ToolHiveScalingWebhookFails'))).to.deep.equal([]);
	});

	it('the product stops › the API server cannot call the webhooks, and no replica is scraped', async () => {
		product?.process.kill('SIGKILL');
		const refused = 'apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error"}';
		// The first failed call creates the time series, and only the second failed call is an increase.
		for (const name of ['lost', 'lost-again']) {
			await namespace.apply(web(name)).catch(() => undefined);
			await comes(refused);
			await sleep(2 * INTERVAL_SECONDS * 1000);
		}
		await comes(exprOf('ToolHiveScalingWebhookFails'));
		await comes(exprOf('ToolHiveScalingAbsent'));
	});
});
