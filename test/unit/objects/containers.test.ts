import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { proxyImageOf, withEnv } from '../../../src/objects/containers.ts';
import { frozen, PASSWORD_ENTRY as OURS } from '../../harness/objects.ts';

const HOME = { name: 'HOME', value: '/tmp' };
const PLAIN = { name: OURS.name, value: 'in-plain' };
const OTHER_SECRET = { name: OURS.name, valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } };
const OPTIONAL = { name: OURS.name, valueFrom: { secretKeyRef: { ...OURS.valueFrom.secretKeyRef, optional: true } } };
const MEMBERS_OF_OBJECT = [{ name: '__proto__', value: '1' }, { name: 'constructor' }];

/** No `expected`: nothing is changed. */
const ENV: [title: string, env: unknown, expected?: unknown[]][] = [
	['absent', undefined, [OURS]],
	['null', null, [OURS]],
	['empty', [], [OURS]],
	['another variable › ours is last', [HOME], [HOME, OURS]],
	['ours is present', [HOME, OURS]],
	['ours is present, not at the end', [OURS, HOME]],
	["ours is the last of its name, as the operator's follows a user's", [PLAIN, OURS, HOME]],
	['the user set a plain value › replaced', [PLAIN, HOME], [HOME, OURS]],
	['ours, then a plain value › both are replaced', [OURS, PLAIN], [OURS]],
	['another Secret › replaced', [OTHER_SECRET], [OURS]],
	['ours, but optional › replaced', [OPTIONAL], [OURS]],
	['ours with an empty value, as Go may write it', [{ ...OURS, value: '' }]],
	['ours with a value › replaced', [{ ...OURS, value: 'x' }], [OURS]],
	['only a name › replaced', [{ name: OURS.name }], [OURS]],
	['repeated names of other variables › kept', [HOME, HOME], [HOME, HOME, OURS]],
	['entries of wrong types › kept', [null, 3, 'x', []], [null, 3, 'x', [], OURS]],
	['names that are members of Object › kept', MEMBERS_OF_OBJECT, [...MEMBERS_OF_OBJECT, OURS]],
];

describe('containers › env of the proxy container', () => {
	for (const [title, env, expected] of ENV) {
		it(`${title}${expected === undefined ? ' › unchanged' : ''}`, () => {
			const podSpec = frozen<Json>({ containers: [{ name: 'toolhive', ...(env !== undefined && { env }) }] });
			const changed = withEnv(podSpec, 'MCPServer', OURS);
			if (expected === undefined) expect(changed).to.equal(podSpec);
			else expect(changed).to.deep.equal({ containers: [{ name: 'toolhive', env: expected }] });
			expect(withEnv(changed, 'MCPServer', OURS), 'a second time').to.equal(changed);
		});
	}
});

const PROXIES: [title: string, kind: Kind, names: string[], index: number][] = [
	['MCPServer › toolhive', 'MCPServer', ['side', 'toolhive', 'side'], 1],
	['MCPRemoteProxy › toolhive', 'MCPRemoteProxy', ['vmcp', 'toolhive'], 1],
	['VirtualMCPServer › vmcp', 'VirtualMCPServer', ['toolhive', 'vmcp'], 1],
	['no container with that name › the first', 'MCPServer', ['a', 'b'], 0],
];

describe('containers › the proxy container', () => {
	for (const [title, kind, names, index] of PROXIES) {
		it(title, () => {
			const containers = names.map((name) => ({ name, image: `${name}:1` }));
			const initContainers = [{ name: 'toolhive' }, { name: 'vmcp' }];
			const after = withEnv({ containers, initContainers }, kind, OURS);
			const expected = containers.map((one, at) => (at === index ? { ...one, env: [OURS] } : one));
			expect(after).to.deep.equal({ containers: expected, initContainers });
			expect(proxyImageOf({ containers }, kind)).to.equal(`${names[index]}:1`);
		});
	}
	for (const containers of [undefined, null, [], {}, 'x', [null], [3]]) {
		it(`containers ${JSON.stringify(containers)} › unchanged`, () => {
			const podSpec: Json = { containers };
			expect(withEnv(podSpec, 'MCPServer', OURS)).to.equal(podSpec);
			expect(proxyImageOf(podSpec, 'MCPServer')).to.equal(undefined);
		});
	}
});
