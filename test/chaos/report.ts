/** What `make chaos` prints in the end, and the file that keeps it. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/product.ts';
import type { Run } from './run.ts';

export function describeRun({ rounds, checks, stored, failedWrites, starts, seconds, seed }: Run): string {
	const byName = Map.groupBy(rounds, ({ name }) => name);
	const rows = [...byName].map(([name, all]) => {
		const sum = (of: (round: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
		const worst = Math.max(...all.map(({ convergedSeconds }) => convergedSeconds));
		return [
			name,
			String(all.length),
			String(sum(({ met }) => met)),
			`${worst.toFixed(1)} s`,
			String(sum((one) => one.failed)),
		];
	});
	const broken = checks.filter(({ failures }) => failures.length > 0);
	return [
		'',
		...table([['disturbance', 'times', 'met', 'worst until right', 'failed writes'], ...rows]),
		'',
		`${stored} writes stored in ${Math.round(seconds)} s; ${starts} processes of the product; SEED=${seed}`,
		...Object.entries(failedWrites).map(([reason, count]) => `  failed: ${count} × ${reason}`),
		...broken.flatMap(({ promise, failures }) => [`BROKEN: ${promise}`, ...failures.map((failure) => `  ${failure}`)]),
	].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
	return rows.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join('  ')
			.trimEnd(),
	);
}

/** Of documents: docs/reliability.md. */
export function writeResult({ rounds, checks, ...run }: Run): void {
	const result = {
		when: new Date().toISOString().slice(0, 10),
		machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
		...run,
		seconds: Math.round(run.seconds),
		broken: checks.filter(({ failures }) => failures.length > 0).map(({ promise }) => promise),
		rounds: rounds.map(({ wrong, disturbedSeconds, convergedSeconds, ...round }) => ({
			...round,
			disturbedSeconds: Number(disturbedSeconds.toFixed(1)),
			convergedSeconds: Number(convergedSeconds.toFixed(1)),
			wrong: wrong.length,
		})),
	};
	writeFileSync(join(ROOT, 'bench/results/chaos.json'), `${JSON.stringify(result, null, 2)}\n`);
}
