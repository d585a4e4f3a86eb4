/**
 * `make mutation`: plants faults in the sources of FOLDERS, one at a time, in a copy of the tree. For each fault, it
 * runs the unit tests for that folder, and lists the faults that no test detects. A fault that does not compile is not
 * counted. The same seed plants the same faults. Lines that two commits share get the same faults, so the scores of the
 * commits are comparable.
 */
import { spawn } from 'node:child_process';
import {
	cpSync,
	existsSync,
	globSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { refuse } from '../endurance/bench/variables.ts';
import { type Fault, faultsOf } from './faults.ts';

/** The short run of the fuzz targets, which check invariants of the whole admission. */
const FUZZ = '../../endurance/fuzz/fuzz';

/** The folders of src, in the order of the runs. Each folder has the folders in test/unit that contain its tests. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
	policy: ['policy', 'cases', 'admission', FUZZ],
	objects: ['objects', 'cases', 'admission', FUZZ],
	text: ['text', 'objects', 'cases', FUZZ],
	admission: ['admission', 'cases', FUZZ],
	reconciler: ['reconciler', 'cases'],
	http: ['http'],
	cluster: ['cluster'],
	certificates: ['certificates'],
};
const NOT_COPIED = ['node_modules', '.git', 'release', 'coverage'];
const SHORTEST_LIMIT_MS = 60_000;
const TIMED_OUT = 'timed out';
const TSC = ['--noEmit', '--project', 'tsconfig.build.json', '--incremental', '--tsBuildInfoFile', '.tmp/types.json'];
/** Excludes the tests that compare CPU times, because they may fail on a busy machine. */
const MOCHA = [
	'--invert',
	'--grep=within 200 ms|costs far less',
	...'--no-config --exit --bail --reporter=json'.split(' '),
];

const { values: options } = parseArgs({
	options: {
		faults: { type: 'string', default: '150' },
		seed: { type: 'string', default: '1' },
		only: { type: 'string', default: '' },
		json: { type: 'string', default: '' },
	},
});
const root = join(import.meta.dirname, '..');

interface Result extends Omit<Fault, 'text'> {
	readonly folder: string;
	/** The title of the first test that failed, or TIMED_OUT. */
	readonly noticedBy: string | undefined;
}

const filesOf = (folder: string): string[] =>
	globSync(`src/${folder}/**/*.ts`, { cwd: root }).filter((file) => file.match(options.only));

const linesOf = (folder: string): number =>
	filesOf(folder).reduce((sum, file) => sum + readFileSync(join(root, file), 'utf8').split('\n').length, 0);

const copies: string[] = [];
const running = new Set<() => void>();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => {
	for (const kill of running) kill();
	for (const copy of copies) rmSync(copy, { recursive: true, force: true });
	if (copies.length > 0) report();
});

function copyTree(): string {
	const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
	copies.push(copy);
	const left = NOT_COPIED.map((name) => join(root, name));
	cpSync(root, copy, { recursive: true, filter: (from) => !left.includes(from) });
	symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
	mkdirSync(join(copy, '.tmp'));
	return copy;
}

/** Runs a program of node_modules. Returns its exit code, or undefined if it exceeded the limit and was killed. */
function run(copy: string, program: string, flags: readonly string[], limitMs: number): Promise<number | undefined> {
	return new Promise((done) => {
		const env = { ...process.env, TMPDIR: join(copy, '.tmp'), NODE_COMPILE_CACHE: join(copy, '.tmp/compiled') };
		const path = join(copy, 'node_modules', program);
		const child = spawn(process.execPath, [path, ...flags], { cwd: copy, detached: true, stdio: 'ignore', env });
		const kill = (): void => {
			try {
				if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
			} catch {} // The whole group has ended.
		};
		running.add(kill);
		const timer = setTimeout(kill, limitMs);
		child.once('close', (code) => {
			clearTimeout(timer);
			running.delete(kill);
			kill();
			done(code ?? undefined);
		});
	});
}

/**
 * Runs tests until one fails, beginning with those that have the name of the file. Returns the title of the failed
 * test.
 */
async function failingTest(copy: string, folder: string, file: string, limitMs: number): Promise<string | undefined> {
	const report = join(copy, '.tmp/report.json');
	const isNear = (test: string): boolean => basename(test).startsWith(basename(file, '.ts'));
	for (const name of FOLDERS[folder] ?? []) {
		const tests = globSync(`test/unit/${name}{/**/*,}.test.ts`, { cwd: copy }).sort();
		const ordered = [...tests.filter(isNear), ...tests.filter((test) => !isNear(test))];
		rmSync(report, { force: true });
		const flags = [...MOCHA, '--timeout=20000', `--reporter-option=output=${report}`, ...ordered];
		const code = await run(copy, 'mocha/bin/mocha.js', flags, limitMs);
		if (code === undefined) return TIMED_OUT;
		const [failure] = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).failures : [];
		if (code !== 0) return failure?.fullTitle ?? `exit code ${code}`;
	}
	return undefined;
}

/** Returns undefined for a fault that does not compile. */
async function plant(copy: string, folder: string, planted: Fault, limitMs: number): Promise<Result | undefined> {
	const { text, ...fault } = planted;
	writeFileSync(join(copy, fault.file), text);
	try {
		const compiles = (await run(copy, 'typescript/bin/tsc', TSC, limitMs)) === 0;
		return compiles ? { folder, ...fault, noticedBy: await failingTest(copy, folder, fault.file, limitMs) } : undefined;
	} finally {
		cpSync(join(root, fault.file), join(copy, fault.file));
	}
}

const folders = Object.keys(FOLDERS);
const allLines = folders.reduce((sum, folder) => sum + linesOf(folder), 0);
const results: Result[] = [];

/**
 * Checks that every test passes without a fault. Returns the time limit for runs with a fault, which depends on the
 * measured duration.
 */
async function limitOf(copy: string, folder: string): Promise<number> {
	const started = performance.now();
	const failed = await failingTest(copy, folder, '', 10 * SHORTEST_LIMIT_MS);
	if (failed !== undefined) throw new Error(`mutation: a test of ${folder} fails without a fault: ${failed}`);
	return Math.max(SHORTEST_LIMIT_MS, 3 * (performance.now() - started));
}

async function plantInto(folder: string, workers: readonly string[]): Promise<void> {
	const [first] = workers;
	let wanted = Math.round((Number(options.faults) * linesOf(folder)) / allLines);
	if (first === undefined || wanted === 0) return;
	const limitMs = await limitOf(first, folder);
	const faults = faultsOf(root, filesOf(folder), options.seed);
	const work = async (copy: string): Promise<void> => {
		while (wanted > 0) {
			const fault = faults.shift();
			if (fault === undefined) return;
			wanted -= 1;
			const result = await plant(copy, folder, fault, limitMs);
			if (result === undefined) {
				wanted += 1; // It does not compile, so another fault replaces it.
				continue;
			}
			results.push(result);
			if (result.noticedBy !== undefined) continue;
			process.stdout.write(`${result.file}:${result.line} ${result.kind}\n\t- ${result.before}\n\t+ ${result.after}\n`);
		}
	};
	await Promise.all(workers.map(work));
}

/** Prints the results, also after an interruption. */
function report(): void {
	const rows = [...folders, ''].map((folder) => {
		const of = results.filter((result) => folder === '' || result.folder === folder);
		const noticed = of.filter(({ noticedBy }) => noticedBy !== undefined).length;
		const timedOut = of.filter(({ noticedBy }) => noticedBy === TIMED_OUT).length;
		const score = of.length === 0 ? '' : `${((100 * noticed) / of.length).toFixed(1)} %`;
		return [folder || 'all', of.length, noticed - timedOut, timedOut, of.length - noticed, score];
	});
	const head = ['folder', 'faults', 'noticed', 'timed out', 'unnoticed', 'score'];
	const filled = rows.filter(([, planted]) => planted !== 0);
	for (const row of [head, head.map(() => '---'), ...filled]) process.stdout.write(`| ${row.join(' | ')} |\n`);
	if (options.json !== '') writeFileSync(options.json, `${JSON.stringify({ ...options, results }, undefined, '\t')}\n`);
}

if (!/^[1-9]\d*$/.test(options.faults)) refuse(`FAULTS=${options.faults}: give a whole number, at least 1`);
if (allLines === 0)
	refuse(`ONLY=${options.only}: matches no file in ${folders.map((folder) => `src/${folder}`).join(', ')}`);
if (!existsSync(dirname(options.json))) refuse(`JSON=${options.json}: there is no folder ${dirname(options.json)}`);
setPriority(15);
const workers = [copyTree(), copyTree()];
for (const folder of folders) await plantInto(folder, workers);
