/**
 * `make matrix`: tests the product with each operator on each Kubernetes version. OPERATORS= and KUBERNETES= select
 * cells, and JOBS= sets the number of cells that run in parallel. The cells that ran replace the same cells in the last
 * record.
 */
import { findRelease } from '../../test/harness/control-plane/release.ts';
import { clusterContext, recordedOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { wholeFrom } from '../bench/variables.ts';
import { findOperator, STAND_IN_VERSION } from '../real-operator/build.ts';
import { type Cell, MATRIX, mergeCells } from './report.ts';
import { runCell } from './run-cell.ts';
import { chooseCells, KUBERNETES, type Versions } from './versions.ts';

const { env } = process;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const reasons = new Map<string, string>();
const replaced = new Map<string, readonly string[]>();

/**
 * Builds the versions one after another, because one Go build uses all cores. `reasons` has an entry for each version
 * that failed.
 */
async function build(cells: readonly Versions[]): Promise<void> {
	const attempt = async (version: string, find: () => Promise<unknown>): Promise<void> => {
		await find().catch(({ message }: Error) => {
			reasons.set(version, message);
			say(`matrix: ${version} cannot be built: ${message}`);
		});
	};
	for (const minor of new Set(cells.map(({ kubernetes }) => kubernetes)))
		await attempt(minor, () => findRelease(KUBERNETES[minor] ?? minor, env, say));
	for (const operator of new Set(cells.map((cell) => cell.operator))) {
		if (operator === STAND_IN_VERSION) continue;
		await attempt(operator, async () => replaced.set(operator, (await findOperator(env, say, operator)).replaced));
	}
}

const cells = chooseCells(env);
const jobs = wholeFrom('JOBS', 2, 1);
const context = clusterContext();
await build(cells);
say(`matrix: cells: ${cells.length}, each about 3 minutes, ${jobs} at a time; results go to docs/operators.md`);
const queue = [...cells];
const done: Cell[] = [];

async function work(): Promise<void> {
	for (let versions = queue.shift(); versions !== undefined; versions = queue.shift()) {
		const { operator, kubernetes } = versions;
		const notBuilt = reasons.get(kubernetes) ?? reasons.get(operator);
		const result = notBuilt === undefined ? await runCell(versions) : { passed: [], failed: [], seconds: 0, notBuilt };
		const built = { kubernetesVersion: KUBERNETES[kubernetes] ?? kubernetes, replaced: replaced.get(operator) ?? [] };
		done.push({ ...versions, ...built, date: context.date, ...result });
		const state =
			notBuilt === undefined ? `${result.passed.length} passed, ${result.failed.length} failed` : 'not built';
		say(`operator ${operator}, Kubernetes ${kubernetes}: ${state} (${result.seconds} s)`);
		for (const { check, message } of result.failed) say(`  ${check}: ${message}`);
		// Publishes after each cell, so that an interrupted run keeps its results.
		await publish(MATRIX, { ...context, options: {}, results: mergeCells(recordedOf(MATRIX)?.results ?? [], done) });
	}
}
await Promise.all(Array.from({ length: jobs }, work));

const count = done.filter(({ failed, notBuilt }) => failed.length > 0 || notBuilt !== undefined).length;
process.stdout.write(`cells: ${done.length - count} passed, ${count} failed\n`);
if (count > 0) process.exitCode = 1;
