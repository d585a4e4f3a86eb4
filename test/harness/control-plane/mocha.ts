/** For test files: one control plane per mocha process, started by the first suite that needs it. */
import { rmSync } from 'node:fs';
import type { Suite } from 'mocha';
import { before } from 'mocha';
import { AssetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './start.ts';

/** Making the programs takes minutes where they are not cached; starting them takes seconds. */
const FIRST_START_TIMEOUT_MS = 20 * 60_000;
const STOP_TIMEOUT_MS = 60_000;
/** With --parallel every file ends its root suite, while its process goes on with the next file. */
const IS_WORKER = process.env['MOCHA_WORKER_ID'] !== undefined;

// A process has one set of control planes: that is the purpose of this file. With and without controllers are two worlds,
// because a garbage collector removes whatever names an owner that does not exist.
const shared = new Map<boolean, Promise<ControlPlane>>();
let announced = false;

export interface NeededControlPlane {
	readonly controllerManager?: boolean;
	/** One that no other suite sees, and that ends with this one: for what could not be tidied up. */
	readonly isOwn?: boolean;
	/** Only for one of its own. */
	readonly auditPolicy?: object;
}

/**
 * Call it inside a `describe`. The result gives the control plane from the first `before` or test on. Where the programs cannot be
 * had the suite is skipped, with one line on stderr; with CI=true it fails instead.
 */
export function needControlPlane(options: NeededControlPlane = {}): () => ControlPlane {
	const withControllers = options.controllerManager ?? false;
	const isOwn = options.isOwn ?? false;
	let ours: ControlPlane | undefined;
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
		try {
			ours = await started;
		} catch (error) {
			if (!(error instanceof AssetsMissing) || process.env['CI'] === 'true') throw error;
			if (!announced) process.stderr.write(`\n!! tests against a real API server are SKIPPED: ${error.message}\n\n`);
			announced = true;
			this.skip();
		}
		if (existing !== undefined) return;
		if (!isOwn && IS_WORKER) return removeAtExit(ours);
		const user = isOwn ? this.test?.parent : rootOf(this.test?.parent);
		user?.afterAll('control plane', stopAfterAll(ours));
	});
	return () => {
		if (ours === undefined)
			throw new Error('the control plane is there from the first test on, not while suites are described');
		return ours;
	};
}

/** Its programs are killed at exit by processes.ts. */
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
