/** A control plane of its own with the real operator, its CRDs and its servers; our product comes and goes. */
import { after, before } from 'mocha';
import { USERS } from '../../test/harness/control-plane/credentials.ts';
import type { RunningProgram } from '../../test/harness/control-plane/processes.ts';
import { type ControlPlane, startControlPlane } from '../../test/harness/control-plane/start.ts';
import type { Stored } from '../../test/harness/namespace.ts';
import { apply, mustSucceed, type Product, type ProductOptions, startProduct } from '../../test/harness/product.ts';
import { WRITES_POLICY, type Write, writesIn } from './audit.ts';
import { findOperator, type OperatorAssets } from './build.ts';
import { startOperator } from './operator.ts';
import { exampleObjects } from './servers.ts';

export interface Stage {
	readonly plane: () => ControlPlane;
	/** Writes since the number of writes that is given, by whom it was. */
	readonly writesOf: (who: 'product' | 'operator', since?: number) => readonly Write[];
	readonly writeCount: () => number;
	/** The product beside the operator, with the operator's CRDs as they are; ended with the suite if not before. */
	readonly startProduct: (options?: ProductOptions) => Promise<Product>;
	readonly restartOperator: () => Promise<void>;
	/** Makes the namespace and all example servers in it. */
	readonly applyExamples: (namespace: string) => Promise<void>;
	readonly get: (namespace: string, resource: string, name: string) => Promise<Stored>;
}

const START_TIMEOUT_MS = 20 * 60_000;
const STOP_GRACE_MS = 15_000;

/** `environment` goes to the operator, on top of what its chart gives it. */
export function useStage(environment: Readonly<Record<string, string>> = {}): Stage {
	let plane: ControlPlane | undefined;
	let operator: RunningProgram | undefined;
	let assets: OperatorAssets | undefined;
	let products: Product[] = [];
	const say = (line: string): void => void process.stderr.write(`${line}\n`);
	const there = <T>(thing: T | undefined): T => {
		if (thing === undefined)
			throw new Error('the stage is there from the first test on, not while suites are described');
		return thing;
	};

	before('control plane and operator', async function () {
		this.timeout(START_TIMEOUT_MS);
		assets = await findOperator(process.env, say);
		plane = await startControlPlane({ controllerManager: true, auditPolicy: WRITES_POLICY, say });
		await mustSucceed(plane.kubectl(['apply', '--server-side', '-f', assets.crdFolder]));
		// It exits at once where one is missing.
		await mustSucceed(plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']));
		operator = await startOperator(plane, assets.program, environment);
	});
	after('control plane and operator', async function () {
		this.timeout(120_000);
		for (const product of products) await product.stop();
		await operator?.stop(STOP_GRACE_MS);
		await plane?.stop();
	});

	return {
		plane: () => there(plane),
		writeCount: () => writesIn(there(plane).auditLog()).length,
		writesOf: (who, since = 0) => {
			const { name } = USERS[who === 'product' ? 'webhook' : 'operator'];
			return writesIn(there(plane).auditLog())
				.slice(since)
				.filter(({ user }) => user === name);
		},
		startProduct: async (options = {}) => {
			const product = await startProduct(there(plane), { crds: 'theirs', ...options });
			const stop = async (): Promise<number | null> => {
				products = products.filter((one) => one !== stoppable);
				return product.stop();
			};
			const stoppable = { ...product, stop };
			products.push(stoppable);
			return stoppable;
		},
		restartOperator: async () => {
			await operator?.stop(STOP_GRACE_MS);
			operator = await startOperator(there(plane), there(assets).program, environment);
		},
		applyExamples: async (namespace) => {
			await mustSucceed(there(plane).kubectl(['create', 'namespace', namespace]));
			await apply(there(plane), exampleObjects(namespace));
		},
		get: async (namespace, resource, name) => {
			const asked = there(plane).kubectl(['-n', namespace, 'get', resource, name, '-o', 'json']);
			return JSON.parse((await mustSucceed(asked)).stdout) as Stored;
		},
	};
}
