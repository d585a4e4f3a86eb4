/**
 * `make bench-review`: how long `thv-scaling review` takes to begin, against Node itself, and how many documents a second it
 * reads with how much memory.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { ON_THE_PAGE, type Part } from './account.ts';
import { installedWith } from './installed.ts';
import { median, rounded, type Spread, spreadOf } from './statistics.ts';
import { spreadText, table } from './table.ts';

interface ReviewOptions {
	readonly rounds: number;
	readonly documents: readonly number[];
}

interface ReviewResults {
	/** Of one file. */
	readonly start: { readonly nodeMs: number; readonly reviewMs: number; readonly extraMs: Spread };
	readonly rows: readonly {
		readonly documents: number;
		readonly output: string;
		readonly seconds: number;
		readonly perSecond: number;
		readonly peakMib: number;
	}[];
}

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

/** Interleaved, so that what else the machine does meets both alike. */
function measureStart(main: readonly string[], rounds: number): ReviewResults['start'] {
	const review = [...main, 'review', join(ROOT, 'examples/search.yaml')];
	run(review);
	const times = Array.from({ length: rounds }, () => ({ node: run(['-e', '0']).ms, review: run(review).ms }));
	return {
		nodeMs: Math.round(median(times.map(({ node }) => node))),
		reviewMs: Math.round(median(times.map((one) => one.review))),
		extraMs: spreadOf(times.map((one) => one.review - one.node)),
	};
}

async function measureReview({ rounds, documents }: ReviewOptions): Promise<ReviewResults> {
	const main = installedWith([]);
	const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-bench-'));
	try {
		const rows = documents.flatMap((count) => {
			const file = join(folder, `${count}.yaml`);
			writeFileSync(file, documentsOf(count));
			return ['text', 'json'].map((output) => {
				const { ms, peakMib } = run([
					'--import',
					join(ROOT, 'endurance/bench/peak.ts'),
					...main,
					'review',
					'-o',
					output,
					file,
				]);
				const [seconds, perSecond] = [rounded(ms / 1000), Math.round((count * 1000) / ms)];
				return { documents: count, output, seconds, perSecond, peakMib: Math.round(peakMib) };
			});
		});
		return { start: measureStart(main, rounds), rows };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const GOAL_MS = 150;

export const REVIEW: Part<ReviewOptions, ReviewResults> = {
	...ON_THE_PAGE,
	name: 'review',
	command: 'make bench-review',
	options: { rounds: 15, documents: [1_000, 10_000, 100_000] },
	shortOptions: { rounds: 2, documents: [1_000] },
	measure: measureReview,
	tables: ({ results: { start, rows } }) =>
		[
			`Review of one file: ${start.reviewMs} ms; \`node -e 0\`: ${start.nodeMs} ms. Medians.`,
			table(rows.map(({ perSecond, peakMib, ...row }) => ({ ...row, 'documents/s': perSecond, 'MiB, most': peakMib }))),
		].join('\n\n'),
	goals: ({ results: { start } }) => [
		{
			promised: `review of one file: at most ${GOAL_MS} ms more than \`node -e 0\``,
			measured: spreadText(start.extraMs),
			isKept: start.extraMs.median <= GOAL_MS,
		},
	],
};
