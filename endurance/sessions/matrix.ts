/** The scenarios without the product and with it, beside one operator. */
import { expect } from 'chai';
import { type Cluster, isTrusted } from '../installed/harness.ts';
import { type Counted, describeCounted, loadDuring } from './load.ts';
import { makeNamespace, nextNamespace, type SessionNamespace } from './namespace.ts';
import { budget, mcpServer } from './objects.ts';
import type { Operator } from './operators.ts';
import type { Measured } from './report.ts';
import { PROXIES, type Scenario, SERVER, scaleTo, shapeOf } from './scenarios.ts';

export interface MatrixOptions {
	readonly operator: Operator;
	readonly hasProduct: boolean;
	readonly scenarios: readonly Scenario[];
	readonly atLeast: number;
	/** False where too few requests are sent to meet what fails only now and then. */
	readonly mustFailWithout: boolean;
	readonly onMeasured: (measured: Measured) => void;
}

/** Call it inside a `describe` whose `before` has brought the CRDs. */
export function describeScenarios(cluster: () => Cluster, options: MatrixOptions): void {
	const { operator, hasProduct, atLeast } = options;
	describe(`beside ${operator.name} › ${hasProduct ? 'with' : 'without'} the product`, function () {
		this.timeout(400_000);
		let namespace: SessionNamespace | undefined;
		let stop: (() => Promise<void>) | undefined;

		before('operator, Redis, server and clients', async () => {
			const { plane, installation } = cluster();
			if (hasProduct) {
				await installation.install();
				await isTrusted(plane);
			}
			namespace = await makeNamespace(plane, nextNamespace());
			stop = await operator.start(plane, namespace.name);
			await namespace.apply(mcpServer(namespace.name, SERVER), budget(SERVER));
			await namespace.settled(SERVER, 1);
		});
		after('server, operator and product', async () => {
			await namespace?.remove();
			await stop?.();
			if (hasProduct) await cluster().installation.uninstall();
		});

		for (const scenario of options.scenarios) {
			it(`${scenario.name} › ${expectationOf(scenario, options)}`, async () => {
				const counted = await play(namespace as SessionNamespace, scenario, atLeast);
				options.onMeasured({ scenario: scenario.name, operator: operator.name, hasProduct, ...counted });
				process.stdout.write(`      ${describeCounted(counted)}\n`);
				expect(counted.sent).to.be.at.least(atLeast);
				judge(scenario, options, counted);
			});
		}
	});
}

export const allOf = (
	operator: Operator,
	more: Omit<MatrixOptions, 'operator' | 'hasProduct'>,
): readonly MatrixOptions[] => [false, true].map((hasProduct) => ({ operator, hasProduct, ...more }));

async function play(namespace: SessionNamespace, scenario: Scenario, atLeast: number): Promise<Counted> {
	const { from = PROXIES, to = PROXIES } = scenario;
	await scaleTo(from)(namespace);
	await namespace.settled(SERVER, from);
	return loadDuring(namespace, await shapeOf(namespace, scenario, atLeast), async () => {
		await scenario.happens(namespace);
		await namespace.settled(SERVER, to);
	});
}

function expectationOf(
	{ promise, failsWithout = false }: Scenario,
	{ hasProduct, mustFailWithout }: MatrixOptions,
): string {
	if (!hasProduct) return failsWithout && mustFailWithout ? 'requests fail' : 'is counted';
	if (promise === 'all') return 'no request fails, every session keeps its state';
	return promise === 'sessions' ? 'every session keeps its state' : 'is counted';
}

function judge(scenario: Scenario, { hasProduct, mustFailWithout }: MatrixOptions, counted: Counted): void {
	const { failed, closing, reasons, sessions, sessionsKept, stateKept } = counted;
	if (!hasProduct) {
		if (scenario.failsWithout && mustFailWithout) expect(failed - closing, 'failed without the product').to.be.above(0);
		return;
	}
	if (scenario.promise === 'nothing') return;
	expect({ sessionsKept, stateKept }).to.deep.equal({ sessionsKept: sessions, stateKept: sessions });
	if (scenario.promise === 'all') expect(failed - closing, JSON.stringify(reasons)).to.equal(0);
}
