/**
 * `make bench-review`: how long `thv-scaling review` takes to begin, against Node itself, and how many documents a second it
 * reads with how much memory. Rounds are interleaved, because these machines are noisy.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, rounded } from './statistics.ts';

const ROOT = join(import.meta.dirname, '..');
const MAIN = join(ROOT, 'dist/main.js');
const ROUNDS = 15;
const COUNTS = (process.argv[2] ?? '1000,10000,100000').split(',').map(Number);

function run(args: readonly string[]): { ms: number; peakMib: number } {
	const startedMs = performance.now();
	const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
	if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
	return { ms: performance.now() - startedMs, peakMib: Number(stderr.trim().split('\n').at(-1)) / 1024 };
}

/** Every second one is a server, which costs ten times what others do: folders of people have fewer. */
const documentsOf = (count: number): string =>
	Array.from({ length: count }, (_, index) => (index % 2 === 0 ? serverText(index) : serviceText(index))).join('');

const serverText = (index: number): string => `---
apiVersion: toolhive.stacklok.dev/v1beta1
kind: MCPServer
metadata:
  name: search-${index}
  namespace: demo
spec:
  image: ghcr.io/example/search:1.0.0
  transport: streamable-http
  replicas: 3
  sessionStorage:
    provider: redis
    address: redis.demo.svc:6379
    keyPrefix: "search-${index}:"
    passwordRef: { name: redis-auth, key: password }
`;

const serviceText = (index: number): string => `---
apiVersion: v1
kind: Service
metadata:
  name: search-${index}
  namespace: demo
  labels: { app: mcpserver }
spec:
  selector: { app: mcpserver }
  ports: [{ name: http, port: 8080 }]
`;

const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-bench-'));
try {
	const example = join(ROOT, 'examples/search.yaml');
	const node: number[] = [];
	const review: number[] = [];
	run([MAIN, 'review', example]);
	for (let round = 0; round < ROUNDS; round += 1) {
		node.push(run(['-e', '0']).ms);
		review.push(run([MAIN, 'review', example]).ms);
	}
	const extra = review.map((ms, index) => ms - (node[index] ?? 0));
	const start = {
		nodeMs: Math.round(median(node)),
		reviewMs: Math.round(median(review)),
		extraMs: {
			median: Math.round(median(extra)),
			least: Math.round(Math.min(...extra)),
			most: Math.round(Math.max(...extra)),
		},
	};
	process.stdout.write(`node -e 0: ${start.nodeMs} ms; review of one file: ${start.reviewMs} ms\n`);
	process.stdout.write(
		`more than node alone: ${start.extraMs.median} ms (${start.extraMs.least} to ${start.extraMs.most})\n\n`,
	);

	process.stdout.write('documents   output      s   documents/s   peak MiB\n');
	const rows = COUNTS.flatMap((count) => {
		const file = join(folder, `${count}.yaml`);
		writeFileSync(file, documentsOf(count));
		return ['text', 'json'].map((output) => {
			const { ms, peakMib } = run(['--import', join(ROOT, 'bench/peak.ts'), MAIN, 'review', '-o', output, file]);
			const row = {
				documents: count,
				output,
				seconds: rounded(ms / 1000),
				perSecond: Math.round((count * 1000) / ms),
				peakMib: Math.round(peakMib),
			};
			process.stdout.write(
				`${String(count).padStart(9)}   ${output.padEnd(6)} ${String(row.seconds).padStart(6)}   ${String(row.perSecond).padStart(11)}   ${String(row.peakMib).padStart(8)}\n`,
			);
			return row;
		});
	});
	const machine = {
		node: process.version,
		cpu: cpus()[0]?.model,
		cores: cpus().length,
		date: new Date().toISOString().slice(0, 10),
	};
	writeFileSync(join(ROOT, 'bench/results/review.json'), `${JSON.stringify({ machine, start, rows }, null, '\t')}\n`);
} finally {
	rmSync(folder, { recursive: true });
}
