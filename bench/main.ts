/** `make bench`: prints both measurements as tables and writes them to bench/results/latest.json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { measureCompute } from './compute.ts';
import { measureHttps } from './https.ts';

const OPTIONS = { rounds: 15, durationMs: 600, connections: 8 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
	const columns = Object.keys(rows[0] ?? {});
	const lines = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((column) => String(row[column])))];
	return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const shown = ({ median, min, max }: { median: number; min: number; max: number }): string =>
	`${median} (${min} to ${max})`;

const startedMs = performance.now();
const compute = await measureCompute();
say('Look up, decide, apply and patch, in one process\n');
say(table(compute.map(({ object, size, p50Ms, p99Ms }) => ({ object, size, 'p50 ms': p50Ms, 'p99 ms': p99Ms }))));

const https = await measureHttps(OPTIONS);
say(`\nHTTPS on loopback, ${OPTIONS.connections} connections, medians of ${OPTIONS.rounds} interleaved rounds\n`);
say(
	table(
		https.map((row) => ({
			size: row.size,
			server: row.server,
			'requests/s': row.requestsPerSecond,
			'against floor (min to max)': shown(row.ratio),
			'CPU us/request': row.cpuUsPerRequest,
			least: row.leastCpuUsPerRequest,
			'by least CPU, against floor': row.leastCpuRatio,
			'p50 ms': row.p50Ms,
			'p99 ms': row.p99Ms,
			'RSS MiB': row.rssMib,
		})),
	),
);

const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), platform: process.platform };
const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
const result = {
	date: new Date().toISOString(),
	node: process.version,
	machine,
	options: OPTIONS,
	compute,
	https,
};
writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(result, null, 2)}\n`);
say(`\n${Math.round((performance.now() - startedMs) / 1000)} s`);
