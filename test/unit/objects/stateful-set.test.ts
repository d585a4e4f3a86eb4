import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { isBackend, keepEnvOrder } from '../../../src/objects/stateful-set.ts';
import { frozen } from '../../harness/objects.ts';

const A = { name: 'A', value: '1' };
const A2 = { name: 'A', value: '2' };
const B = { name: 'B', value: '2' };
const SECRET = { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };

const withContainers = (...containers: unknown[]): Json => ({
	metadata: { name: 'search', labels: { app: 'search', toolhive: 'true' } },
	spec: { replicas: 2, template: { metadata: { labels: {} }, spec: { volumes: [], containers } } },
});
const mcp = (...env: unknown[]): Json => ({ name: 'mcp', image: 'i', env });
const other = (...env: unknown[]): Json => ({ name: 'other', env });

/**
 * A row has containers before the update, as sent, and as expected. Without `expected`, the object stays as it was
 * sent.
 */
const ROWS: [title: string, before: unknown[], sent: unknown[], expected?: unknown[]][] = [
	['another order › the stored order', [mcp(A, B, SECRET)], [mcp(SECRET, A, B)], [mcp(A, B, SECRET)]],
	['and another image › it is kept', [mcp(A, B)], [{ ...mcp(B, A), image: 'j' }], [{ ...mcp(A, B), image: 'j' }]],
	['by name', [other(A, B), mcp(B, A)], [mcp(A, B), other(B, A)], [mcp(B, A), other(A, B)]],
	['the same order › as sent', [mcp(A, B)], [mcp(A, B)]],
	['another order and a changed value › as sent', [mcp(A, B)], [mcp({ ...B, value: '3' }, A)]],
	['another order and a removed variable › as sent', [mcp(A, B, SECRET)], [mcp(B, A)]],
	['another order and an added variable › as sent', [mcp(A, B)], [mcp(B, A, SECRET)]],
	['a repeated name › as sent, because the last entry counts', [mcp(A, A2)], [mcp(A2, A)]],
	['a name is repeated only in what is sent › as sent', [mcp(A, B)], [mcp(B, B)]],
	['no env now › as sent', [mcp(A, B)], [{ name: 'mcp' }]],
	['values of wrong types › as sent', [null, 3], [mcp(null, 3)]],
];

describe('stateful-set › order of the environment', () => {
	for (const [title, before, sent, expected] of ROWS) {
		it(title, () => {
			const object = frozen(withContainers(...sent));
			const after = keepEnvOrder(object, frozen(withContainers(...before)));
			if (expected === undefined) expect(after).to.equal(object);
			else expect(after).to.deep.equal(withContainers(...expected));
			expect(keepEnvOrder(after, withContainers(...before)), 'a second time').to.equal(after);
		});
	}
	const empty = frozen({});
	it('no spec › as sent', () => expect(keepEnvOrder(empty, {})).to.equal(empty));
});

describe('stateful-set › whether a runner created it', () => {
	it('labels toolhive and app, and app is its name › a backend', () => {
		const ofRunner = { app: 'search', toolhive: 'true' };
		const labels = [ofRunner, { ...ofRunner, app: 'web' }, { app: 'search' }, undefined];
		const backends = labels.filter((one) => isBackend({ metadata: { name: 'search', labels: one } }));
		expect(backends).to.deep.equal([ofRunner]);
	});
});
