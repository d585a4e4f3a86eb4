import { expect } from 'chai';
import { restoreErased } from '../../src/objects/server.ts';
import type { Kind } from '../../src/toolhive/names.ts';
import type { Json } from '../../src/toolhive/types.ts';
import { frozen, PASSWORD, REDIS } from './build.ts';

interface Row {
	it: string;
	kind?: Kind;
	before: Json;
	now: Json;
	/** Undefined: the very object that was sent. */
	gets?: Json;
}

const storage = { ...REDIS, db: 2, passwordRef: PASSWORD };

const TABLE: Row[] = [
	{
		it: 'all three come back',
		before: { image: 'i', replicas: 3, backendReplicas: 0, sessionStorage: storage },
		now: { image: 'i' },
		gets: { image: 'i', replicas: 3, backendReplicas: 0, sessionStorage: storage },
	},
	{ it: '0 comes back as 0', before: { replicas: 0 }, now: {}, gets: { replicas: 0 } },
	{
		it: 'a part of sessionStorage comes back',
		before: { sessionStorage: { ...storage, keyPrefix: 'a:' } },
		now: { sessionStorage: storage },
		gets: { sessionStorage: { ...storage, keyPrefix: 'a:' } },
	},
	{
		it: 'a part newer than our schema comes back',
		before: { sessionStorage: { ...storage, tls: { insecureSkipVerify: true } } },
		now: { sessionStorage: storage },
		gets: { sessionStorage: { ...storage, tls: { insecureSkipVerify: true } } },
	},
	{ it: 'a changed value is not an erased one', before: { replicas: 3 }, now: { replicas: 2 } },
	{ it: 'an added value stays', before: {}, now: { replicas: 2 } },
	{ it: 'unset before stays unset', before: { image: 'i' }, now: { image: 'j' } },
	{ it: 'other fields are no business of ours', before: { args: ['-v'] }, now: {} },
	{
		it: 'backendReplicas of a remote proxy is no field of it',
		kind: 'MCPRemoteProxy',
		before: { backendReplicas: 2 },
		now: {},
	},
	{
		it: 'keys called __proto__ and constructor are only keys',
		before: { sessionStorage: JSON.parse('{"provider":"redis","__proto__":{"x":1},"constructor":"c"}') },
		now: { sessionStorage: { provider: 'redis' } },
		gets: { sessionStorage: JSON.parse('{"provider":"redis","__proto__":{"x":1},"constructor":"c"}') },
	},
];

describe('fields an operator erased', () => {
	for (const { it: title, kind = 'MCPServer', before, now, gets } of TABLE) {
		it(title, () => {
			const object = frozen({ spec: now });
			const restored = restoreErased(kind, object, frozen({ spec: before }));
			if (gets === undefined) expect(restored).to.equal(object);
			else expect(JSON.stringify(restored['spec'])).to.equal(JSON.stringify(gets));
			expect(restoreErased(kind, restored, { spec: before }), 'a second time').to.equal(restored);
		});
	}
	it('stay away where neither has a spec', () => {
		const object = { metadata: {} };
		expect(restoreErased('MCPServer', object, {})).to.equal(object);
		expect(restoreErased('MCPServer', object, { spec: null })).to.equal(object);
	});
	it('come back into an object without spec', () => {
		expect(restoreErased('MCPServer', {}, { spec: { replicas: 2 } })).to.deep.equal({ spec: { replicas: 2 } });
	});
});
