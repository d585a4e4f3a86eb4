/** Starts one control plane with one operator, its CRDs and the example servers. The tests start the product. */
import { join } from 'node:path';
import { after, before } from 'mocha';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import { findRelease } from '../../test/harness/control-plane/release.ts';
import { type ControlPlane, startControlPlane } from '../../test/harness/control-plane/start.ts';
import type { Stored } from '../../test/harness/namespace.ts';
import { startOldOperator } from '../../test/harness/old-operator/start.ts';
import { apply, mustSucceed, type Product, ROOT, startProduct } from '../../test/harness/product.ts';
import { WRITES_POLICY, type Write, writesIn } from './audit.ts';
import { findOperator, OPERATOR_VERSION, STAND_IN_VERSION } from './build.ts';
import { startOperator } from './operator.ts';
import { exampleObjects } from './servers.ts';

interface HarnessOptions {
	/** A ToolHive release, or STAND_IN_VERSION. */
	readonly operator?: string;
	/** An exact Kubernetes release. The default is the release that all tests use. */
	readonly kubernetes?: string | undefined;
	/** Variables to add to the operator's environment. */
	readonly environment?: Readonly<Record<string, string>>;
}

export interface Harness {
	readonly plane: () => ControlPlane;
	/** Returns the writes by this client, after skipping the first `since` writes by all clients. */
	readonly writesOf: (who: 'product' | 'operator', since?: number) => readonly Write[];
	readonly writeCount: () => number;
	/** Starts the product with the operator's own CRDs, and stops it after the suite. */
	readonly startProduct: (flags?: readonly string[]) => Promise<Product>;
	readonly restartOperator: () => Promise<void>;
	/** Creates the namespace and all example servers in it. */
	readonly applyExamples: (namespace: string) => Promise<void>;
	readonly get: (namespace: string, resource: string, name: string) => Promise<Stored>;
}

/** Includes the builds in the first run, and builds by other processes for which this one waits. */
const START_TIMEOUT_MS = 60 * 60_000;
const STOP_GRACE_MS = 15_000;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

export function useHarness(options: HarnessOptions = {}): Harness {
	const { operator: version = OPERATOR_VERSION, kubernetes, environment } = options;
	const isStandIn = version === STAND_IN_VERSION;
	let started: ControlPlane | undefined;
	let restartOperator: () => Promise<void>;
	/** Stops what was started, the last one first. */
	const stops: (() => Promise<unknown>)[] = [];
	const plane = (): ControlPlane => {
		if (started !== undefined) return started;
		throw new Error('the harness starts before the first test, not while suites are described');
	};

	before('control plane and operator', async function () {
		this.timeout(START_TIMEOUT_MS);
		const assets = isStandIn ? undefined : await findOperator(process.env, say, version);
		started = await startControlPlane({
			controllerManager: true,
			auditPolicy: WRITES_POLICY,
			say,
			...(kubernetes !== undefined && { assets: await findRelease(kubernetes, process.env, say) }),
		});
		stops.push(started.stop);
		const crds = assets?.crdFolder ?? join(ROOT, 'manifests/crds');
		await mustSucceed(plane().kubectl(['apply', '--server-side', '-f', crds]));
		// The operator exits if a CRD is missing.
		await mustSucceed(plane().kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']));
		if (assets === undefined) return;
		const start = () => startOperator(plane(), assets.program, environment, version);
		let operator = await start();
		const stop = () => operator.stop(STOP_GRACE_MS);
		stops.push(stop);
		restartOperator = async () => {
			await stop();
			operator = await start();
		};
	});
	after('control plane and operator', async function () {
		this.timeout(120_000);
		for (const stop of stops.toReversed()) await stop();
	});

	return {
		plane,
		writeCount: () => writesIn(plane().auditLog()).length,
		writesOf: (who, since = 0) => {
			const { name } = USERS[who === 'product' ? 'webhook' : 'operator'];
			return writesIn(plane().auditLog())
				.slice(since)
				.filter(({ user }) => user === name);
		},
		startProduct: async (flags = []) => {
			const product = await startProduct(plane(), { crds: 'theirs', flags });
			stops.push(product.stop);
			return product;
		},
		restartOperator: () => restartOperator(),
		applyExamples: async (namespace) => {
			await mustSucceed(plane().kubectl(['create', 'namespace', namespace]));
			if (isStandIn) stops.push(startOldOperator(plane(), namespace));
			// Applies one object at a time: on a busy machine, the operator takes longer to reconcile all of them than the 3
			// s for which the product waits.
			for (const object of exampleObjects(namespace, version)) await apply(plane(), [object]);
		},
		get: async (namespace, resource, name) => {
			const args = ['-n', namespace, 'get', resource, name, '-o', 'json'];
			return JSON.parse((await mustSucceed(plane().kubectl(args))).stdout) as Stored;
		},
	};
}
