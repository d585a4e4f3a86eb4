import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { isBackend, keepEnvOrder } from '../../../src/objects/stateful-set.ts';
import { frozen } from '../../harness/objects.ts';

const A = { name: 'A', value: '1' };
const B = { name: 'B', value: '2' };
const SECRET = { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };

const withContainers = (...containers: unknown[]): Json => ({
	metadata: { name: 'search', labels: { app: 'search', toolhive: 'true' } },
	spec: { replicas: 2, template: { metadata: { labels: {} }, spec: { volumes: [], containers } } },
});
const mcp = (...env: unknown[]): Json => ({ name: 'mcp', image: 'i', env });

interface Row {
	it: string;
	before: Json;
	sent: Json;
	/** Undefined: the very object that was sent. */
	gets?: Json;
}

const TABLE: Row[] = [
	{
		it: 'another order › the stored order',
		before: withContainers(mcp(A, B, SECRET)),
		sent: withContainers(mcp(SECRET, A, B)),
		gets: withContainers(mcp(A, B, SECRET)),
	},
	{
		it: 'another order and another image › the order is restored, the image is kept',
		before: withContainers(mcp(A, B)),
		sent: withContainers({ ...mcp(B, A), image: 'j' }),
		gets: withContainers({ ...mcp(A, B), image: 'j' }),
	},
	{
		it: 'two containers, one of them reordered › only that one',
		before: withContainers(mcp(A, B), { name: 'other', env: [B, A] }),
		sent: withContainers(mcp(B, A), { name: 'other', env: [B, A] }),
		gets: withContainers(mcp(A, B), { name: 'other', env: [B, A] }),
	},
	{
		it: 'containers in another order › each is compared by its name',
		before: withContainers({ name: 'other', env: [A, B] }, mcp(B, A)),
		sent: withContainers(mcp(A, B), { name: 'other', env: [B, A] }),
		gets: withContainers(mcp(B, A), { name: 'other', env: [A, B] }),
	},
	{ it: 'the same order › as sent', before: withContainers(mcp(A, B)), sent: withContainers(mcp(A, B)) },
	{
		it: 'another order and a changed value › as sent',
		before: withContainers(mcp(A, B)),
		sent: withContainers(mcp({ ...B, value: '3' }, A)),
	},
	{
		it: 'another order and an added variable › as sent',
		before: withContainers(mcp(A, B)),
		sent: withContainers(mcp(B, A, SECRET)),
	},
	{
		it: 'another order and a removed variable › as sent',
		before: withContainers(mcp(A, B, SECRET)),
		sent: withContainers(mcp(B, A)),
	},
	{
		it: 'a renamed variable › as sent',
		before: withContainers(mcp(A, B)),
		sent: withContainers(mcp(B, { ...A, name: 'D' })),
	},
	{
		it: 'a repeated name › as sent, because the last entry counts',
		before: withContainers(mcp(A, { ...A, value: '2' })),
		sent: withContainers(mcp({ ...A, value: '2' }, A)),
	},
	{
		it: 'a name is repeated only in what is sent › as sent',
		before: withContainers(mcp(A, B)),
		sent: withContainers(mcp(B, B)),
	},
	{
		it: 'a new container › as sent',
		before: withContainers(mcp(A, B)),
		sent: withContainers({ name: 'x', env: [B, A] }),
	},
	{ it: 'no env before › as sent', before: withContainers({ name: 'mcp' }), sent: withContainers(mcp(B, A)) },
	{ it: 'no env now › as sent', before: withContainers(mcp(A, B)), sent: withContainers({ name: 'mcp' }) },
	{ it: 'no spec › as sent', before: {}, sent: {} },
	{ it: 'values of wrong types › as sent', before: withContainers(null, 3), sent: withContainers(mcp(null, 3)) },
];

describe('stateful-set › order of the environment', () => {
	for (const { it: title, before, sent, gets } of TABLE) {
		it(title, () => {
			const object = frozen(sent);
			const after = keepEnvOrder(object, frozen(before));
			if (gets === undefined) expect(after).to.equal(object);
			else expect(after).to.deep.equal(gets);
			expect(keepEnvOrder(after, frozen(before)), 'a second time').to.equal(after);
		});
	}
});

describe('stateful-set › whether a runner made it', () => {
	for (const [name, labels, is] of [
		['search', { app: 'search', toolhive: 'true' }, true],
		['search', { app: 'web', toolhive: 'true' }, false],
		['search', { app: 'search' }, false],
		['search', undefined, false],
	] as const) {
		it(`labels ${JSON.stringify(labels)} › ${is}`, () =>
			expect(isBackend({ metadata: { name, labels } })).to.equal(is));
	}
});
