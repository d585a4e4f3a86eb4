/**
 * Tests a real Prometheus that scrapes the real product and a real API server, and that evaluates the expressions of
 * the dashboard and the alerts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { needControlPlane } from '../../test/harness/control-plane/mocha.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { serverManifest, useNamespace } from '../../test/harness/namespace.ts';
import { type Product, startProduct } from '../../test/harness/product.ts';
import { dashboard, expressionsOf, withVariables } from './dashboard.ts';
import { INTERVAL_SECONDS, type Prometheus, startPrometheus } from './prometheus.ts';
import { alertRules } from './rule-file.ts';

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
		prometheus = await startPrometheus(plane(), product.metricsPort);
	});
	after(async () => {
		await prometheus?.stop();
		await product?.stop();
	});
	const namespace = useNamespace(plane, 'monitored');
	const web = (name: string) => serverManifest('MCPServer', name, { transport: 'streamable-http', replicas: 2 });
	const exprOf = (name: string): string => alertRules().find(({ alert }) => alert === name)?.expr ?? '';
	const get = async (path: string) => (prometheus as Prometheus).get(path);
	const query = async (expr: string): Promise<object[]> => {
		const parameters = new URLSearchParams({ query: withVariables(expr, '30s') });
		return ((await get(`/api/v1/query?${parameters}`)) as { result: object[] }).result;
	};
	const comes = (expr: string): Promise<void> =>
		eventually(async () => expect(await query(expr), expr).not.to.deep.equal([]), WITHIN_MS);

	/** The first call creates the time series, and only the second call is an increase. */
	const callTwice = async (errorType: string, call: (name: string) => Promise<void>): Promise<void> => {
		for (const time of [1, 2]) {
			await call(`${errorType.replaceAll('_', '-')}-${time}`);
			await comes(`apiserver_admission_webhook_rejection_count{error_type="${errorType}"}`);
			await sleep(2 * INTERVAL_SECONDS * 1000);
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
		const { groups } = (await get('/api/v1/rules')) as {
			groups: { rules: { name: string; health: string; state: string }[] }[];
		};
		const states = groups.flatMap(({ rules }) => rules);
		expect(states.map(({ name }) => name)).to.deep.equal(alertRules().map(({ alert }) => alert));
		expect(states.filter(({ health, state }) => health !== 'ok' || state !== 'inactive')).to.deep.equal([]);
	});

	it('denied requests › scraped › counted, and no alert fires', async () => {
		const denied = { transport: 'sse', sessionStorage: { provider: 'redis', address: '' } };
		await callTwice('no_error', async (name) => {
			const { stderr } = await namespace.kubectl(['apply', '-f', '-'], serverManifest('MCPServer', name, denied));
			expect(stderr).to.contain('denied the request');
		});
		await comes('increase(thv_scaling_denials_total{rule="redis-address-empty"}[1m]) > 0');
		await comes('increase(apiserver_admission_webhook_rejection_count{error_type="no_error"}[1m]) > 0');
		expect(await query(exprOf('ToolHiveScalingWebhookFails'))).to.deep.equal([]);
	});

	it('the product stops › the API server cannot call the webhooks, and no replica is scraped', async () => {
		product?.process.kill('SIGKILL');
		await callTwice('calling_webhook_error', async (name) => {
			await namespace.apply(web(name)).catch(() => undefined);
		});
		await comes(exprOf('ToolHiveScalingWebhookFails'));
		await comes(exprOf('ToolHiveScalingAbsent'));
	});
});
