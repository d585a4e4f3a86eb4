/** Starts one control plane with one operator, its CRDs and the example servers. The tests start the product. */
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import type { RunningProgram } from '../../test/harness/control-plane/processes.ts';
import { findRelease } from '../../test/harness/control-plane/release.ts';
import { type ControlPlane, startControlPlane } from '../../test/harness/control-plane/start.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { metricOf } from '../../test/harness/metrics.ts';
import type { Stored } from '../../test/harness/namespace.ts';
import { startOldOperator } from '../../test/harness/old-operator/start.ts';
import {
	apply,
	mustSucceed,
	type Product,
	type ProductOptions,
	ROOT,
	startProduct,
} from '../../test/harness/product.ts';
import { WRITES_POLICY, type Write, writesIn } from './audit.ts';
import { findOperator, OPERATOR_VERSION, type OperatorAssets, STAND_IN_VERSION } from './build.ts';
import { startOperator } from './operator.ts';
import { exampleObjects, examplesFor } from './servers.ts';

export interface HarnessOptions {
	/** A ToolHive release, or STAND_IN_VERSION. */
	readonly operator?: string;
	/** An exact Kubernetes release. The default is the release that all tests use. */
	readonly kubernetes?: string;
	/** Variables to add to the operator's environment. */
	readonly environment?: Readonly<Record<string, string>>;
}

export interface Harness {
	readonly plane: () => ControlPlane;
	/** Returns the writes by this client, after skipping the first `since` writes by all clients. */
	readonly writesOf: (who: 'product' | 'operator', since?: number) => readonly Write[];
	readonly writeCount: () => number;
	/** Starts the product with the operator's own CRDs, and stops it after the suite. */
	readonly startProduct: (options?: ProductOptions) => Promise<Product>;
	/** Does the same, and waits until the product has reconciled the example servers in one namespace. */
	readonly startBesideExamples: (options?: ProductOptions) => Promise<Product>;
	readonly restartOperator: () => Promise<void>;
	/** Creates the namespace and all example servers in it. */
	readonly applyExamples: (namespace: string) => Promise<void>;
	readonly get: (namespace: string, resource: string, name: string) => Promise<Stored>;
}

const START_TIMEOUT_MS = 20 * 60_000;
const STOP_GRACE_MS = 15_000;
const MANIFEST_CRDS = join(ROOT, 'manifests/crds');

export function useHarness({
	operator: version = OPERATOR_VERSION,
	kubernetes,
	environment,
}: HarnessOptions = {}): Harness {
	const isStandIn = version === STAND_IN_VERSION;
	let plane: ControlPlane | undefined;
	let operator: RunningProgram | undefined;
	let assets: OperatorAssets | undefined;
	const products: Product[] = [];
	const standIns: (() => Promise<void>)[] = [];
	const say = (line: string): void => void process.stderr.write(`${line}\n`);
	const defined = <T>(value: T | undefined): T => {
		if (value === undefined)
			throw new Error('the harness starts before the first test, not while suites are described');
		return value;
	};
	const start = async (): Promise<void> => {
		if (isStandIn) return;
		operator = await startOperator(defined(plane), defined(assets).program, environment, version);
	};

	before('control plane and operator', async function () {
		this.timeout(START_TIMEOUT_MS);
		if (!isStandIn) assets = await findOperator(process.env, say, version);
		plane = await startControlPlane({
			controllerManager: true,
			auditPolicy: WRITES_POLICY,
			say,
			...(kubernetes !== undefined && { assets: await findRelease(kubernetes, process.env, say) }),
		});
		await mustSucceed(plane.kubectl(['apply', '--server-side', '-f', assets?.crdFolder ?? MANIFEST_CRDS]));
		// The operator exits if a CRD is missing.
		await mustSucceed(plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']));
		await start();
	});
	after('control plane and operator', async function () {
		this.timeout(120_000);
		for (const product of products) await product.stop();
		for (const stop of standIns) await stop();
		await operator?.stop(STOP_GRACE_MS);
		await plane?.stop();
	});

	const startOne: Harness['startProduct'] = async (options = {}) => {
		const product = await startProduct(defined(plane), { crds: 'theirs', ...options });
		products.push(product);
		return product;
	};
	return {
		plane: () => defined(plane),
		writeCount: () => writesIn(defined(plane).auditLog()).length,
		writesOf: (who, since = 0) => {
			const { name } = USERS[who === 'product' ? 'webhook' : 'operator'];
			return writesIn(defined(plane).auditLog())
				.slice(since)
				.filter(({ user }) => user === name);
		},
		startProduct: startOne,
		startBesideExamples: async (options) => {
			const product = await startOne(options);
			await eventually(async () => {
				expect(await metricOf(product, 'thv_scaling_reconcile_total')).to.be.at.least(examplesFor(version).length);
				expect(await metricOf(product, 'thv_scaling_reconciler_queued')).to.equal(0);
			}, 90_000);
			return product;
		},
		restartOperator: async () => {
			await operator?.stop(STOP_GRACE_MS);
			await start();
		},
		applyExamples: async (namespace) => {
			await mustSucceed(defined(plane).kubectl(['create', 'namespace', namespace]));
			if (isStandIn) standIns.push(startOldOperator(defined(plane), namespace));
			// Applies one object at a time: on a busy machine, the operator takes longer to reconcile all of them than the 3
			// s for which the product waits.
			for (const object of exampleObjects(namespace, version)) await apply(defined(plane), [object]);
		},
		get: async (namespace, resource, name) => {
			const args = ['-n', namespace, 'get', resource, name, '-o', 'json'];
			return JSON.parse((await mustSucceed(defined(plane).kubectl(args))).stdout) as Stored;
		},
	};
}
