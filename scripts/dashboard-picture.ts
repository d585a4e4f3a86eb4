/**
 * `make dashboard-picture`: draws every panel of the dashboard into docs/dashboard.png, with what a real Prometheus has of two real
 * replicas after some minutes of work and trouble. Chromium (CHROMIUM names it) only turns the drawing into a PNG.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../test/agreement/documents.ts';
import { startControlPlane } from '../test/control-plane/start.ts';
import { mustSucceed } from '../test/e2e/product.ts';
import { dashboard, type Panel, withVariables } from '../test/monitoring/dashboard.ts';
import { type Prometheus, startPrometheus } from '../test/monitoring/prometheus.ts';
import { drawRow, drawStat, heightOf, page, WIDTH } from './dashboard-picture/draw.ts';
import { createLoad } from './dashboard-picture/load.ts';
import { drawSeries, namedOf, type Span } from './dashboard-picture/plot.ts';
import { install, type Replica, register, startReplica, startService } from './dashboard-picture/replicas.ts';

const MINUTES = Number(process.argv[2] ?? 10);
const SCRAPE_SECONDS = 5;
const STEP_SECONDS = 10;
const RATE_INTERVAL = '30s';
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const nowSeconds = (): number => Date.now() / 1000;

/** What happens, and how far into the minutes: a rolling update, a refused pipeline, a lost Secret, a crash. */
async function tell(): Promise<void> {
	const plane = await startControlPlane({ say });
	const service = await startService();
	const prometheus = await startPrometheus(plane, SCRAPE_SECONDS, say);
	const load = createLoad(plane);
	const ending = new AbortController();
	const startedSeconds = nowSeconds();
	let replicas: Replica[] = [];
	let made = 0;
	const at = (share: number): Promise<void> =>
		sleep(Math.max(0, (startedSeconds + share * MINUTES * 60 - nowSeconds()) * 1000));
	const show = (): void => {
		service.leadTo(replicas);
		prometheus.scrape(Object.fromEntries(replicas.map(({ pod, metricsPort }) => [pod, metricsPort])));
	};
	const add = async (): Promise<void> => {
		const replica = await startReplica(plane, `toolhive-scaling-${'abcdefgh'[made]}`);
		made += 1;
		prometheus.scrape(Object.fromEntries([...replicas, replica].map(({ pod, metricsPort }) => [pod, metricsPort])));
		await replica.said('ready');
		replicas = [...replicas, replica];
		show();
	};
	const update = async (old: Replica): Promise<void> => {
		await add();
		replicas = replicas.filter((one) => one !== old);
		service.leadTo(replicas);
		old.process.kill('SIGTERM');
		await old.ended;
		show();
	};
	try {
		const registrations = await install(plane);
		await register(plane, registrations, service.port);
		await add();
		await add();
		const background = [load.work(ending.signal), load.revert(ending.signal)];
		for (const one of background) one.catch((error: Error) => say(`the load broke off: ${error.message}`));
		await at(0.35);
		say('a rolling update');
		for (const old of replicas) await update(old);
		await at(0.55);
		say('a pipeline that is refused');
		await load.refuse(Math.round(MINUTES * 4));
		await at(0.68);
		say('somebody deletes the Secret with the certificates');
		const secret = ['delete', 'secret', '-n', 'toolhive-scaling', 'toolhive-scaling-certificates'];
		await mustSucceed(plane.kubectl(secret, { user: 'admin' }));
		await at(0.85);
		say('a replica crashes');
		await replicas[0]?.kill();
		// Readiness needs two failures, 5 s apart, to take it out of the Service.
		await sleep(12_000);
		replicas = replicas.slice(1);
		show();
		await add();
		await at(1);
		ending.abort();
		const fired = await prometheus.query(`max_over_time(ALERTS{alertstate="firing"}[${MINUTES}m])`);
		say(`alerts that fired: ${[...new Set(fired.map(({ metric }) => metric['alertname']))].join(', ') || 'none'}`);
		const failed = await prometheus.query(
			'sum({__name__=~"apiserver_admission_webhook_(rejection|fail_open)_count",error_type!="no_error"})',
		);
		say(`calls of webhooks that failed: ${failed[0]?.value[1] ?? 'none'}`);
		await draw(prometheus, { fromSeconds: startedSeconds, toSeconds: nowSeconds(), stepSeconds: STEP_SECONDS });
		await Promise.allSettled(background);
	} finally {
		await load.close();
		for (const replica of replicas) await replica.kill();
		await prometheus.stop();
		service.stop();
		await plane.stop();
	}
}

async function draw(prometheus: Prometheus, span: Span): Promise<void> {
	const { panels } = dashboard();
	const drawn: string[] = [];
	for (const panel of panels) drawn.push(await drawPanel(prometheus, panel, span));
	const caption = `Plots of the panels' own queries against a real Prometheus, drawn by \`make dashboard-picture\`; not a picture of Grafana.`;
	const height = heightOf(panels);
	render(page(drawn.join('\n'), height, caption), height + 26);
}

async function drawPanel(prometheus: Prometheus, panel: Panel, span: Span): Promise<string> {
	const { type, targets = [] } = panel;
	if (type === 'row') return drawRow(panel);
	if (type === 'stat') {
		const found = await Promise.all(targets.map(({ expr }) => prometheus.query(withVariables(expr, RATE_INTERVAL))));
		return drawStat(panel, found.flat());
	}
	const { fromSeconds, toSeconds, stepSeconds } = span;
	const named = await Promise.all(
		targets.map(async ({ expr, legendFormat }) => {
			const asked = withVariables(expr, RATE_INTERVAL);
			return namedOf(legendFormat, await prometheus.queryRange(asked, fromSeconds, toSeconds, stepSeconds));
		}),
	);
	return drawSeries(
		panel,
		named.flat().toSorted((one, other) => one.name.localeCompare(other.name)),
		span,
	);
}

function render(html: string, height: number): void {
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-picture-'));
	const source = join(folder, 'dashboard.html');
	writeFileSync(source, html);
	const chromium = process.env['CHROMIUM'] ?? 'chromium';
	const target = join(ROOT, 'docs/dashboard.png');
	const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-background-networking'];
	const { error, status } = spawnSync(
		chromium,
		[
			...quiet,
			`--user-data-dir=${join(folder, 'profile')}`,
			`--window-size=${WIDTH},${height}`,
			`--screenshot=${target}`,
			source,
		],
		{ stdio: 'ignore' },
	);
	if (error !== undefined || status !== 0) {
		say(
			`no PNG: ${error?.message ?? `${chromium} ended with ${status}`}; set CHROMIUM to a Chromium. The drawing is ${source}`,
		);
		process.exitCode = 1;
		return;
	}
	rmSync(folder, { recursive: true, force: true });
	say(`wrote ${target}`);
}

await tell();
