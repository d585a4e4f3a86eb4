/**
 * `make fuzz`: runs every target for its share of MINUTES=, with one parallel target per CPU. TARGET= and SEED= repeat
 * a search. The exit code is 1 if there is a finding. Each target runs in its own process, which is killed if an input
 * never finishes.
 */
import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterContext, textOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { numberFrom, refuse, wholeFrom } from '../bench/variables.ts';
import { keepFound } from './found.ts';
import { FUZZ, type FuzzResult } from './report.ts';
import { type Searched, search } from './search.ts';
import { TARGETS } from './targets.ts';

const DEFAULT_MINUTES = 10;
/** Additional time for imports, and for reducing a finding. */
const GRACE_MS = 180_000;
const minutes = numberFrom('MINUTES', DEFAULT_MINUTES, 0.01);
const seed = wholeFrom('SEED', randomInt(1, 2 ** 31), 0);
const wanted = process.env['TARGET'];
const targets = TARGETS.filter(({ name }) => !wanted || name === wanted);
const names = TARGETS.map(({ name }) => name).join(', ');
if (targets.length === 0) refuse(`TARGET=${wanted}: no target has that name; there are ${names}`);
const atOnce = Math.min(availableParallelism(), targets.length);
const seconds = (minutes * 60 * atOnce) / targets.length;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const [, , tried] = process.argv;
if (tried === undefined) await searchAll();
else {
	for (const target of targets) {
		process.send?.(await search(target, { seed, seconds, onTry: (text) => writeFileSync(tried, text) }));
		await target.stop?.();
	}
	process.disconnect();
}

async function searchAll(): Promise<void> {
	const around = clusterContext();
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-fuzz-'));
	say(`${targets.length} targets, ${seconds.toFixed(0)} s each, ${atOnce} at a time; seed ${seed}`);
	const results: FuzzResult[] = [];
	const queue = targets.values();
	const work = async (): Promise<void> => {
		for (const { name } of queue) {
			const { found, ...searched } = await searchOne(name, join(folder, name));
			for (const one of found)
				say(`\n${name}: ${one.reason.split('\n').slice(0, 4).join('\n')}\n  input: ${keepFound(name, one)}`);
			results.push({ target: name, ...searched, found: found.map(({ reason }) => reason.split('\n', 1)[0] ?? '') });
		}
	};
	await Promise.all(Array.from({ length: atOnce }, work));
	rmSync(folder, { recursive: true });
	const recorded = { ...around, options: { minutes, seed }, results };
	say(`\n${textOf(FUZZ, recorded)}\n`);
	if (minutes >= DEFAULT_MINUTES && targets.length === TARGETS.length) await publish(FUZZ, recorded);
	const failed = results.filter(({ found }) => found.length > 0).length;
	say(`${targets.length - failed} passed, ${failed} failed`);
	process.exitCode = failed === 0 ? 0 : 1;
}

/** `file` receives each input before it is tried. */
async function searchOne(name: string, file: string): Promise<Searched> {
	writeFileSync(file, '');
	const env = { ...process.env, TARGET: name, SEED: String(seed), MINUTES: String(seconds / 60) };
	const limit = { timeout: Math.ceil(seconds * 1000) + GRACE_MS, killSignal: 'SIGKILL' } as const;
	const child = fork(import.meta.filename, [file], { env, ...limit });
	let result: Searched | undefined;
	child.once('message', (message) => {
		result = message as Searched;
	});
	const [code, signal] = await once(child, 'exit');
	const reason = `did not end (${signal ?? `exit code ${code}`})`;
	return result ?? { runs: 0, seconds: 1, found: [{ text: readFileSync(file, 'utf8'), reason }] };
}
