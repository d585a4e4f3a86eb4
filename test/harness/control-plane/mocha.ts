/**
 * Provides test files with a control plane. The suites of a mocha process share it: the first suite starts it, and it
 * ends with the process.
 */
import { rmSync } from 'node:fs';
import type { Suite } from 'mocha';
import { before } from 'mocha';
import { AssetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './start.ts';

/** Starting the programs takes seconds, but downloading or building them takes minutes if they are not cached. */
const FIRST_START_TIMEOUT_MS = 20 * 60_000;
const STOP_TIMEOUT_MS = 60_000;

// This is module state, because all suites of a process share these control planes. The key is whether
// kube-controller-manager runs. Suites without controllers need a separate control plane, because the garbage collector
// deletes objects whose owner does not exist.
const shared = new Map<boolean, Promise<ControlPlane>>();

export interface NeededControlPlane {
	readonly controllerManager?: boolean;
	/**
	 * Whether the suite gets a separate control plane, which stops after the suite. Set this option if a suite cannot
	 * undo its changes.
	 */
	readonly isOwn?: boolean;
	/** Allowed only with `isOwn`. */
	readonly auditPolicy?: object;
}

/**
 * Must be called inside a `describe`. The returned function returns the control plane; hooks and tests of the suite may
 * call this function.
 */
export function needControlPlane(options: NeededControlPlane = {}): () => ControlPlane {
	const withControllers = options.controllerManager ?? false;
	const isOwn = options.isOwn ?? false;
	let used: ControlPlane | undefined;
	before('control plane', async function () {
		this.timeout(FIRST_START_TIMEOUT_MS);
		const existing = isOwn ? undefined : shared.get(withControllers);
		const started =
			existing ??
			startControlPlane({
				controllerManager: withControllers,
				...(options.auditPolicy !== undefined && { auditPolicy: options.auditPolicy }),
			});
		if (!isOwn) shared.set(withControllers, started);
		used = await orSkip(this, 'tests against a real API server', started);
		if (isOwn) this.test?.parent?.afterAll('control plane', stopAfterAll(used));
		else if (existing === undefined) removeAtExit(used);
	});
	return () => {
		if (used === undefined)
			throw new Error('the control plane is there from the first test on, not while suites are described');
		return used;
	};
}

const announced = new Set<string>();

/**
 * Skips the suite with one line on stderr if a program cannot be found or built. If CI=true, the suite fails instead.
 */
export async function orSkip<T>(context: Mocha.Context, tests: string, finding: Promise<T>): Promise<T> {
	try {
		return await finding;
	} catch (error) {
		if (!(error instanceof AssetsMissing) || process.env['CI'] === 'true') throw error;
		if (!announced.has(tests)) process.stderr.write(`\n!! ${tests} are SKIPPED: ${error.message}\n\n`);
		announced.add(tests);
		return context.skip();
	}
}

/** Removes only the data folder, because processes.ts kills the programs at exit. */
const removeAtExit = ({ dataFolder }: ControlPlane): void =>
	void process.once('exit', () => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 }));

const stopAfterAll = (controlPlane: ControlPlane) =>
	async function (this: Mocha.Context): Promise<void> {
		this.timeout(STOP_TIMEOUT_MS);
		await controlPlane.stop();
	};

export function rootOf(suite: Suite | undefined): Suite | undefined {
	let current = suite;
	while (current?.parent !== undefined) current = current.parent;
	return current;
}
