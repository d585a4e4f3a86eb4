/**
 * `make matrix`: tests the product with each operator on each Kubernetes version. OPERATORS= and KUBERNETES= select
 * cells, and JOBS= sets the number of cells that run in parallel. The cells that ran replace the same cells in the last
 * record. The first cell that needs a program builds it.
 */
import { clusterContext, recordedOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { wholeFrom } from '../bench/variables.ts';
import { type Cell, MATRIX, mergeCells } from './report.ts';
import { runCell } from './run-cell.ts';
import { chooseCells } from './versions.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const cells = chooseCells(process.env);
const jobs = wholeFrom('JOBS', 2, 1);
const context = clusterContext();
say(`matrix: cells: ${cells.length}, each about 3 minutes, ${jobs} at a time; results go to docs/operators.md`);
const queue = [...cells];
const done: Cell[] = [];

async function work(): Promise<void> {
	for (let versions = queue.shift(); versions !== undefined; versions = queue.shift()) {
		const cell = await runCell(versions, context.date);
		done.push(cell);
		const { operator, kubernetes, passed, failed, seconds } = cell;
		const counts = `${passed.length} passed, ${failed.length} failed (${seconds} s)`;
		say(`operator ${operator}, Kubernetes ${kubernetes}: ${counts}`);
		for (const { check, message } of failed) say(`  ${check}: ${message}`);
		// Publishes after each cell, so that an interrupted run keeps its results.
		await publish(MATRIX, { ...context, options: {}, results: mergeCells(recordedOf(MATRIX)?.results ?? [], done) });
	}
}
await Promise.all(Array.from({ length: jobs }, work));

const count = done.filter(({ failed }) => failed.length > 0).length;
process.stdout.write(`cells: ${done.length - count} passed, ${count} failed\n`);
if (count > 0) process.exitCode = 1;
