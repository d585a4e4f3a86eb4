import { expect } from 'chai';
import type { Kind } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { proxyImageOf, withEnv } from '../../../src/objects/containers.ts';
import { applyToPod, podServerRef } from '../../../src/objects/pod.ts';
import { decisionFor } from '../../harness/decided.ts';
import * as harness from '../../harness/objects.ts';

const { container, frozen, mcpServer, PASSWORD_ENTRY: ENTRY, pod } = harness;

const labelled = (labels: unknown): Json => pod(mcpServer(), {}, { labels });
const OF_STATEFUL_SET = { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'mcpserver' }] };

const SERVERS: [title: string, object: Json, kind?: Kind, name?: string][] = [
	['MCPServer', pod(mcpServer()), 'MCPServer', 'search'],
	['another app', labelled({ app: 'web', 'toolhive-name': 'search' })],
	['members of Object', labelled(JSON.parse('{"__proto__":"x","app":"constructor","toolhive-name":"a"}'))],
	['those of a backend of a server with the name mcpserver', pod(mcpServer(), {}, OF_STATEFUL_SET)],
];

describe('pod › its server by labels', () => {
	for (const [title, object, kind, name] of SERVERS) {
		it(`${title} › ${kind ?? 'none'}`, () => {
			expect(podServerRef(object, 'demo')).to.deep.equal(kind && { kind, namespace: 'demo', name });
		});
	}
});

const HOME = { name: 'HOME', value: '/tmp' };
const PLAIN = { name: ENTRY.name, value: 'in-plain' };
const OPTIONAL = { name: ENTRY.name, valueFrom: { secretKeyRef: { ...ENTRY.valueFrom.secretKeyRef, optional: true } } };

/** Without `expected`, the webhook changes nothing. */
const ENV: [title: string, env: unknown, expected?: unknown[]][] = [
	['another variable › the entry is last', [HOME], [HOME, ENTRY]],
	['the entry, not at the end › unchanged', [ENTRY, HOME]],
	["the last of its name, as the operator's follows a user's › unchanged", [PLAIN, ENTRY, HOME]],
	['the entry, then a plain value › both are replaced', [ENTRY, PLAIN], [ENTRY]],
	['the entry, but optional › replaced', [OPTIONAL], [ENTRY]],
	['the entry with an empty value, as Go may write it › unchanged', [{ ...ENTRY, value: '' }]],
	['the entry with a value › replaced', [{ ...ENTRY, value: 'x' }], [ENTRY]],
	['entries of wrong types › kept', [null, 3, 'x', []], [null, 3, 'x', [], ENTRY]],
];

describe('pod › password variable in env', () => {
	const apply = (owner: Json, object: Json): Json => applyToPod(frozen(object), ...decisionFor(owner));
	const owner = mcpServer(harness.WITH_PASSWORD);
	const podWith = (env: unknown): Json => pod(owner, { other: 5, containers: [container(owner, { env })] });
	for (const [title, env, expected] of ENV) {
		it(title, () => {
			const object = podWith(env);
			const after = apply(owner, object);
			if (expected === undefined) expect(after).to.equal(object);
			else expect(after).to.deep.equal(podWith(expected));
			expect(apply(owner, after), 'a second time').to.equal(after);
		});
	}
	it('spec or containers of wrong types › unchanged', () => {
		for (const spec of [undefined, 'x', {}, { containers: {} }, { containers: [null] }]) {
			const object = { ...pod(owner), spec };
			expect(apply(owner, object)).to.equal(object);
			expect(proxyImageOf(spec, 'MCPServer')).to.equal(undefined);
		}
	});
});

const PROXIES: [kind: Kind, names: string[], index: number][] = [
	['MCPServer', ['side', 'toolhive', 'side'], 1],
	['MCPRemoteProxy', ['vmcp', 'toolhive'], 1],
	['VirtualMCPServer', ['toolhive', 'vmcp'], 1],
	['MCPServer', ['a', 'b'], 0],
];

describe('pod › proxy container', () => {
	for (const [kind, names, index] of PROXIES) {
		it(`${kind} with ${names} › ${names[index]}`, () => {
			const containers = names.map((name) => ({ name, image: `${name}:1` }));
			const podSpec = { containers, initContainers: [{ name: 'toolhive' }, { name: 'vmcp' }] };
			const expected = containers.map((one, at) => (at === index ? { ...one, env: [ENTRY] } : one));
			expect(withEnv(podSpec, kind, ENTRY)).to.deep.equal({ ...podSpec, containers: expected });
			expect(proxyImageOf(podSpec, kind)).to.equal(`${names[index]}:1`);
		});
	}
});
