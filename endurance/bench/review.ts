/**
 * `make bench-review`: compares the start time of `thv-scaling review` with Node alone, and measures throughput and
 * memory.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/product.ts';
import { REDIS, serverText } from '../../test/harness/review-command.ts';
import { definePart, ON_THE_PAGE } from './account.ts';
import { installedWith } from './installed.ts';
import { median, rounded, spreadOf } from './statistics.ts';
import { table } from './table.ts';

function run(args: readonly string[]): { ms: number; peakMib: number } {
	const startedMs = performance.now();
	const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
	if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
	return { ms: performance.now() - startedMs, peakMib: Number(stderr.trim().split('\n').at(-1)) / 1024 };
}

const mcpServerText = (index: number): string =>
	serverText(`search-${index}`, `  replicas: 3\n${REDIS}\n    keyPrefix: "search-${index}:"`);

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

async function measure({ rounds, documents }: { readonly rounds: number; readonly documents: readonly number[] }) {
	const review = [...installedWith([]), 'review'];
	const one = [...review, join(ROOT, 'examples/search.yaml')];
	const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-bench-'));
	try {
		const rows = documents.flatMap((count) => {
			const file = join(folder, `${count}.yaml`);
			// Half of the documents are servers, which cost ten times as much as other documents. Users have fewer servers.
			const texts = Array.from({ length: count }, (_, index) => (index % 2 === 0 ? mcpServerText : serviceText)(index));
			writeFileSync(file, texts.join(''));
			return ['text', 'json'].map((output) => {
				const peak = ['--import', join(import.meta.dirname, 'peak.ts')];
				const { ms, peakMib } = run([...peak, ...review, '-o', output, file]);
				const [seconds, perSecond] = [rounded(ms / 1000), Math.round((count * 1000) / ms)];
				return { documents: count, output, seconds, perSecond, peakMib: Math.round(peakMib) };
			});
		});
		run(one);
		// Node and `review` run alternately, so that a disturbance of the machine affects both.
		const times = Array.from({ length: rounds }, () => ({ node: run(['-e', '0']).ms, review: run(one).ms }));
		const start = {
			nodeMs: Math.round(median(times.map(({ node }) => node))),
			reviewMs: Math.round(median(times.map((time) => time.review))),
			extraMs: spreadOf(times.map((time) => time.review - time.node)),
		};
		return { start, rows };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const GOAL_MS = 150;

export const REVIEW = definePart({
	...ON_THE_PAGE,
	name: 'review',
	command: 'make bench-review',
	options: { rounds: 15, documents: [1_000, 10_000, 100_000] },
	shortOptions: { rounds: 2, documents: [1_000] },
	measure,
	tables: ({ results: { start, rows } }) =>
		[
			`Review of one file: ${start.reviewMs} ms; \`node -e 0\`: ${start.nodeMs} ms. Medians.`,
			table(rows.map(({ perSecond, peakMib, ...row }) => ({ ...row, 'documents/s': perSecond, 'MiB, most': peakMib }))),
		].join('\n\n'),
	goals: ({ results: { start } }) => [
		{
			promised: `review of one file: at most ${GOAL_MS} ms more than \`node -e 0\``,
			measured: start.extraMs,
			isKept: start.extraMs.median <= GOAL_MS,
		},
	],
});
