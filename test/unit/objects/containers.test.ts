import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { proxyImageOf, withEnv } from '../../../src/objects/containers.ts';
import { frozen, PASSWORD_ENTRY } from '../../harness/objects.ts';

const HOME = { name: 'HOME', value: '/tmp' };
const NAME = PASSWORD_ENTRY.name;
const plain = { name: NAME, value: 'in-plain' };
const otherSecret = { name: NAME, valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } };
const optional = {
	name: NAME,
	valueFrom: { secretKeyRef: { ...PASSWORD_ENTRY.valueFrom.secretKeyRef, optional: true } },
};

/** `gets` undefined: nothing is changed. */
const ENV: { it: string; env: unknown; gets?: unknown[] }[] = [
	{ it: 'absent', env: undefined, gets: [PASSWORD_ENTRY] },
	{ it: 'null', env: null, gets: [PASSWORD_ENTRY] },
	{ it: 'empty', env: [], gets: [PASSWORD_ENTRY] },
	{ it: 'others: ours goes last', env: [HOME], gets: [HOME, PASSWORD_ENTRY] },
	{ it: 'ours is there', env: [HOME, PASSWORD_ENTRY] },
	{ it: 'ours is there, not at the end', env: [PASSWORD_ENTRY, HOME] },
	{
		it: "ours is the last of its name, as the operator's own comes after a user's",
		env: [plain, PASSWORD_ENTRY, HOME],
	},
	{ it: 'the user set it in plain: replaced', env: [plain, HOME], gets: [HOME, PASSWORD_ENTRY] },
	{ it: 'ours, then one in plain: both go, ours is added', env: [PASSWORD_ENTRY, plain], gets: [PASSWORD_ENTRY] },
	{ it: 'another Secret', env: [otherSecret], gets: [PASSWORD_ENTRY] },
	{ it: 'ours, but optional', env: [optional], gets: [PASSWORD_ENTRY] },
	{ it: 'ours with an empty value, as Go may write it', env: [{ ...PASSWORD_ENTRY, value: '' }] },
	{ it: 'ours with a value', env: [{ ...PASSWORD_ENTRY, value: 'x' }], gets: [PASSWORD_ENTRY] },
	{ it: 'a name without anything', env: [{ name: NAME }], gets: [PASSWORD_ENTRY] },
	{ it: 'duplicates of other names stay', env: [HOME, HOME], gets: [HOME, HOME, PASSWORD_ENTRY] },
	{ it: 'rubbish stays', env: [null, 3, 'x', []], gets: [null, 3, 'x', [], PASSWORD_ENTRY] },
	{
		it: 'names that are members of Object',
		env: [{ name: '__proto__', value: '1' }, { name: 'constructor' }],
		gets: [{ name: '__proto__', value: '1' }, { name: 'constructor' }, PASSWORD_ENTRY],
	},
];

describe('env of the proxy container', () => {
	for (const { it: title, env, gets } of ENV) {
		it(title, () => {
			const podSpec = frozen<Json>({ containers: [{ name: 'toolhive', ...(env !== undefined && { env }) }] });
			const changed = withEnv(podSpec, 'MCPServer', PASSWORD_ENTRY);
			if (gets === undefined) expect(changed).to.equal(podSpec);
			else expect(changed).to.deep.equal({ containers: [{ name: 'toolhive', env: gets }] });
			expect(withEnv(changed, 'MCPServer', PASSWORD_ENTRY), 'a second time').to.equal(changed);
		});
	}
});

const CHOICE: { it: string; kind: Kind; names: string[]; chosen: number }[] = [
	{ it: 'toolhive for an MCPServer', kind: 'MCPServer', names: ['side', 'toolhive'], chosen: 1 },
	{ it: 'toolhive for an MCPRemoteProxy', kind: 'MCPRemoteProxy', names: ['vmcp', 'toolhive'], chosen: 1 },
	{ it: 'vmcp for a VirtualMCPServer', kind: 'VirtualMCPServer', names: ['toolhive', 'vmcp'], chosen: 1 },
	{ it: 'else the first', kind: 'MCPServer', names: ['a', 'b'], chosen: 0 },
	{ it: 'the only one, of any name', kind: 'MCPServer', names: ['a'], chosen: 0 },
];

describe('proxy container', () => {
	for (const { it: title, kind, names, chosen } of CHOICE) {
		it(title, () => {
			const containers = names.map((name) => ({ name, image: `${name}:1` }));
			const after = withEnv({ containers }, kind, PASSWORD_ENTRY)['containers'] as Json[];
			expect(after.map((one) => Array.isArray(one['env']))).to.deep.equal(names.map((_, index) => index === chosen));
			expect(proxyImageOf({ containers }, kind)).to.equal(`${names[chosen]}:1`);
		});
	}
	it('init containers get nothing', () => {
		const podSpec: Json = { initContainers: [{ name: 'toolhive' }], containers: [{ name: 'toolhive' }] };
		const after = withEnv(podSpec, 'MCPServer', PASSWORD_ENTRY);
		expect(after['initContainers']).to.equal(podSpec['initContainers']);
	});
	for (const containers of [undefined, null, [], {}, 'x', [null], [3]]) {
		it(`containers ${JSON.stringify(containers)} pass as they are`, () => {
			const podSpec: Json = { containers };
			expect(withEnv(podSpec, 'MCPServer', PASSWORD_ENTRY)).to.equal(podSpec);
			expect(proxyImageOf(podSpec, 'MCPServer')).to.equal(undefined);
		});
	}
});
