/**
 * `make bench-reconcile`: servers that were there before the product, with their Deployments and RunConfigs, against a real API
 * server: how long until all are up to date, calls per server, memory, and how that grows with their number.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type ControlPlane, startControlPlane } from '../test/control-plane/start.ts';
import { metricOf } from '../test/e2e/metrics.ts';
import { serverManifest } from '../test/e2e/namespace.ts';
import { type Owner, proxyDeployment, runConfigMap } from '../test/e2e/operator-writes.ts';
import { applyCrds, mustSucceed, startProduct } from '../test/e2e/product.ts';

const COUNTS = (process.argv[2] ?? '10,100,1000').split(',').map(Number);
const NAMESPACE = 'bench';
const STEADY_MS = 30_000;
const FLAGS = ['--settle-seconds=1', '--rollouts-per-minute=10000', '--leader-elect=false'];

interface Row {
	readonly servers: number;
	readonly seconds: number;
	readonly writesPerServer: number;
	readonly callsPerServer: number;
	readonly rssMib: number;
	readonly steadyCallsPerMinute: number;
}

async function measure(servers: number): Promise<Row> {
	const plane = await startControlPlane();
	const dispatcher = new Agent({ connect: { ca: readFileSync(plane.caFile) }, connections: 8 });
	try {
		await applyCrds(plane);
		await mustSucceed(plane.kubectl(['create', 'namespace', NAMESPACE]));
		await make(plane, dispatcher, servers);
		const before = await apiCalls(plane);
		const startedMs = performance.now();
		const product = await startProduct(plane, { isRegistered: false, flags: FLAGS });
		const startUpCalls = (await apiCalls(plane)) - before;
		while (
			(await metricOf(product, 'thv_scaling_reconciler_writes_total')) < servers * 3 ||
			(await metricOf(product, 'thv_scaling_reconciler_queued')) > 0
		) {
			await sleep(100);
		}
		const seconds = (performance.now() - startedMs) / 1000;
		const calls = (await apiCalls(plane)) - before - startUpCalls;
		const writes = await metricOf(product, 'thv_scaling_reconciler_writes_total');
		const rssMib = (await metricOf(product, 'process_resident_memory_bytes')) / 2 ** 20;
		const steadyBefore = await apiCalls(plane);
		await sleep(STEADY_MS);
		const steadyCalls = (await apiCalls(plane)) - steadyBefore;
		await product.stop();
		return {
			servers,
			seconds: round(seconds),
			writesPerServer: round(writes / servers),
			callsPerServer: round(calls / servers),
			rssMib: round(rssMib),
			steadyCallsPerMinute: round((steadyCalls * 60_000) / STEADY_MS),
		};
	} finally {
		await dispatcher.close();
		await plane.stop();
	}
}

/** What an operator left behind: no scaling anywhere. */
async function make(plane: ControlPlane, dispatcher: Agent, count: number): Promise<void> {
	const headers = { authorization: `Bearer ${plane.token('operator')}`, 'content-type': 'application/json' };
	const post = async (path: string, body: object): Promise<{ metadata: { uid: string } }> => {
		const { statusCode, body: answer } = await request(`${plane.url}${path}`, {
			method: 'POST',
			headers,
			body: JSON.stringify(body),
			dispatcher,
		});
		if (statusCode !== 201) throw new Error(`${path}: ${statusCode} ${await answer.text()}`);
		return (await answer.json()) as { metadata: { uid: string } };
	};
	const spec = {
		transport: 'sse',
		replicas: 2,
		sessionStorage: {
			provider: 'redis',
			address: 'redis.mcp.svc:6379',
			passwordRef: { name: 'redis', key: 'password' },
		},
	};
	const indices = Array.from({ length: count }, (_, index) => index);
	const one = async (index: number): Promise<void> => {
		const name = `server-${index}`;
		const { metadata } = await post(
			`/apis/toolhive.stacklok.dev/v1beta1/namespaces/${NAMESPACE}/mcpservers`,
			serverManifest('MCPServer', name, spec),
		);
		const owner: Owner = { kind: 'MCPServer', name, namespace: NAMESPACE, uid: metadata.uid };
		await post(`/api/v1/namespaces/${NAMESPACE}/configmaps`, runConfigMap(owner, `{\n  "name": "${name}"\n}`));
		await post(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, proxyDeployment(owner));
	};
	for (let start = 0; start < count; start += 8) await Promise.all(indices.slice(start, start + 8).map(one));
}

/** Requests for the resources that the reconciler reads and writes, watches left out. */
async function apiCalls(plane: ControlPlane): Promise<number> {
	const { stdout } = await plane.kubectl(['get', '--raw', '/metrics'], { user: 'admin' });
	return stdout
		.split('\n')
		.filter((line) => /^apiserver_request_total\{/.test(line) && !line.includes('verb="WATCH"'))
		.filter((line) =>
			/resource="(mcpservers|virtualmcpservers|mcpremoteproxies|deployments|configmaps|leases|events)"/.test(line),
		)
		.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const round = (value: number): number => Math.round(value * 10) / 10;

const rows: Row[] = [];
for (const count of COUNTS) {
	rows.push(await measure(count));
	process.stdout.write(`${JSON.stringify(rows.at(-1))}\n`);
}
const result = {
	date: new Date().toISOString(),
	node: process.version,
	cpu: cpus()[0]?.model,
	cores: cpus().length,
	rows,
};
writeFileSync(join(import.meta.dirname, 'results/reconcile.json'), `${JSON.stringify(result, null, 2)}\n`);
