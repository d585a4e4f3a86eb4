/** `make fuzz`: every target for its share of MINUTES, as many at a time as there are processors; then a table, and 1 where anything was found. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterContext, textOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { numberFrom, refuse, wholeFrom } from '../bench/variables.ts';
import type { Explored } from './explore.ts';
import { keepFound } from './found.ts';
import { FUZZ, type Searched } from './report.ts';
import { TARGETS } from './targets.ts';

const DEFAULT_MINUTES = 10;
/** For loading, seeds, and making what was found smaller. */
const PATIENCE_MS = 180_000;

type Result = Omit<Explored, 'corpus'> & { readonly corpus: number };

const minutes = numberFrom('MINUTES', DEFAULT_MINUTES, 0.01);
const seed = wholeFrom('SEED', randomInt(1, 2 ** 31), 0);
const all = Object.keys(TARGETS);
const target = process.env['TARGET'];
if (target && !all.includes(target))
	refuse(`TARGET=${target}: there is none of that name; there are ${all.join(', ')}`);
const names = target ? [target] : all;
const atOnce = Math.min(availableParallelism(), names.length);
const seconds = (minutes * 60 * atOnce) / names.length;

const around = clusterContext();
const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-fuzz-'));
const running = new Set<ChildProcess>();
process.on('exit', () => {
	for (const one of running) one.kill('SIGKILL');
	rmSync(folder, { recursive: true });
});

/** What one search found. One that has to be killed, or dies, found what it was at. */
function search(name: string): Promise<Result> {
	const file = join(folder, name);
	const args = [join(import.meta.dirname, 'one.ts'), name, String(seconds), String(seed), file];
	const process = spawn(globalThis.process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
	running.add(process);
	const timer = setTimeout(() => process.kill('SIGKILL'), seconds * 1000 + PATIENCE_MS);
	return new Promise((resolve) => {
		process.once('exit', (code, signal) => {
			clearTimeout(timer);
			running.delete(process);
			if (code === 0) {
				resolve(JSON.parse(readFileSync(file, 'utf8')));
				return;
			}
			const reason = `did not end (${signal ?? `exit code ${code}`}); it was one of these`;
			resolve({ ...NOTHING, found: [{ text: existsSync(file) ? readFileSync(file, 'utf8') : '', reason }] });
		});
	});
}

const NOTHING: Result = { runs: 0, seconds: 1, reachedBySeeds: 0, reached: 0, corpus: 0, found: [] };

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

say(`${names.length} targets, ${seconds.toFixed(0)} s each, ${atOnce} at a time; seed ${seed}`);
const results = new Map<string, Result>();
const waiting = names.values();
await Promise.all(
	Array.from({ length: atOnce }, async () => {
		for (const name of waiting) {
			const result = await search(name);
			results.set(name, result);
			for (const one of result.found) {
				const reason = one.reason.split('\n').slice(0, 4).join('\n');
				say(`\n${name}: ${reason}\n  input: ${keepFound(name, one)}`);
			}
		}
	}),
);

const searched = names.map((target): Searched => {
	const { found, ...numbers } = results.get(target) ?? NOTHING;
	return { target, ...numbers, found: found.map(({ reason }) => reason.split('\n', 1)[0] ?? '') };
});
const recorded = { ...around, options: { minutes, seed }, results: searched };
say(`\n${textOf(FUZZ, recorded)}\n`);
if (minutes >= DEFAULT_MINUTES && names.length === all.length) {
	await publish(FUZZ, recorded);
}
const failed = searched.filter(({ found }) => found.length > 0).length;
say(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
