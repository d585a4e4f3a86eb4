/**
 * `make fuzz`: runs every target for its share of MINUTES=, with one parallel target per CPU. TARGET= and SEED= repeat
 * a search. The exit code is 1 if there is a finding. Each target runs in its own process, which is killed if an input
 * never finishes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterContext, textOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { numberFrom, refuse, wholeFrom } from '../bench/variables.ts';
import { keepFound } from './found.ts';
import { FUZZ } from './report.ts';
import { type Searched, search } from './search.ts';
import { TARGETS } from './targets.ts';

const DEFAULT_MINUTES = 10;
/** Additional time for imports, valid texts, and reducing a finding. */
const GRACE_MS = 180_000;
const minutes = numberFrom('MINUTES', DEFAULT_MINUTES, 0.01);
const seed = wholeFrom('SEED', randomInt(1, 2 ** 31), 0);
const wanted = process.env['TARGET'];
const targets = TARGETS.filter(({ name }) => !wanted || name === wanted);
const names = TARGETS.map(({ name }) => name).join(', ');
if (targets.length === 0) refuse(`TARGET=${wanted}: no target has that name; there are ${names}`);
const atOnce = Math.min(availableParallelism(), targets.length);
const seconds = (minutes * 60 * atOnce) / targets.length;

const [, , tried] = process.argv;
if (tried === undefined) await searchAll();
else {
	const [target] = targets;
	if (target === undefined) refuse('no target');
	process.send?.(await search(target, { seed, seconds, onTry: (text) => writeFileSync(tried, text) }));
	await target.stop?.();
	process.disconnect();
}

async function searchAll(): Promise<void> {
	const around = clusterContext();
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-fuzz-'));
	const children = new Set<ChildProcess>();
	process.on('exit', () => {
		for (const child of children) child.kill('SIGKILL');
		rmSync(folder, { recursive: true });
	});
	const say = (line: string): boolean => process.stdout.write(`${line}\n`);
	const searchOne = (name: string): Promise<Searched> => {
		const file = join(folder, name);
		writeFileSync(file, '');
		const env = { ...process.env, TARGET: name, SEED: String(seed), MINUTES: String(seconds / 60) };
		const child = fork(import.meta.filename, [file], { env });
		children.add(child);
		const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000 + GRACE_MS);
		let result: Searched | undefined;
		child.once('message', (message) => {
			result = message as Searched;
		});
		return new Promise((resolve) => {
			child.once('exit', (code, signal) => {
				clearTimeout(timer);
				children.delete(child);
				const reason = `did not end (${signal ?? `exit code ${code}`})`;
				const text = readFileSync(file, 'utf8');
				resolve(result ?? { runs: 0, seconds: 1, found: [{ text, reason }] });
			});
		});
	};

	say(`${targets.length} targets, ${seconds.toFixed(0)} s each, ${atOnce} at a time; seed ${seed}`);
	const found = new Map<string, Searched>();
	const queue = targets.values();
	const worker = async (): Promise<void> => {
		for (const { name } of queue) {
			const result = await searchOne(name);
			found.set(name, result);
			for (const one of result.found)
				say(`\n${name}: ${one.reason.split('\n').slice(0, 4).join('\n')}\n  input: ${keepFound(name, one)}`);
		}
	};
	await Promise.all(Array.from({ length: atOnce }, worker));
	const results = [...found].map(([target, { runs, seconds, found }]) => ({
		...{ target, runs, seconds, found: found.map(({ reason }) => reason.split('\n', 1)[0] ?? '') },
	}));
	const recorded = { ...around, options: { minutes, seed }, results };
	say(`\n${textOf(FUZZ, recorded)}\n`);
	if (minutes >= DEFAULT_MINUTES && targets.length === TARGETS.length) await publish(FUZZ, recorded);
	const failed = results.filter(({ found }) => found.length > 0).length;
	say(`${targets.length - failed} passed, ${failed} failed`);
	process.exitCode = failed === 0 ? 0 : 1;
}
