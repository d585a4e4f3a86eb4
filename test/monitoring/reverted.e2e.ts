/** Somebody undoes what the reconciler writes, until it is counted. Takes over a minute: the fourth of the same writes waits for one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createLoad, type Load, UNGUARDED } from '../../scripts/dashboard-picture/load.ts';
import { needControlPlane } from '../control-plane/mocha.ts';
import { metricOf } from '../e2e/metrics.ts';
import { type Product, startProduct } from '../e2e/product.ts';

const REVERTED = 'thv_scaling_reconciler_reverted_total';
const WITHIN_MS = 150_000;

describe('monitoring: a write that somebody keeps undoing', () => {
	const plane = needControlPlane({ isOwn: true });
	const ending = new AbortController();
	let product: Product;
	let load: Load;
	let reverting: Promise<void>;
	before(async () => {
		product = await startProduct(plane(), { flags: ['--settle-seconds=1'], servedBy: 'nobody' });
		load = createLoad(plane());
		reverting = load.revert(ending.signal);
	});
	after(async () => {
		ending.abort();
		await reverting;
		await load.close();
		await product.stop();
	});

	it('is counted, and told as an Event', async () => {
		expect(await metricOf(product, REVERTED)).to.equal(0);
		const deadlineMs = performance.now() + WITHIN_MS;
		while ((await metricOf(product, REVERTED)) === 0) {
			if (performance.now() > deadlineMs) throw new Error(`not counted within ${WITHIN_MS / 1000} s`);
			await sleep(1_000);
		}
		const events = ['get', 'events', '-n', UNGUARDED, '-o', 'jsonpath={.items[*].reason}'];
		expect((await plane().kubectl(events)).stdout).to.contain('ScalingReverted');
	});
});
