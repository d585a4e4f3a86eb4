import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { proxyImageOf } from '../../../src/objects/containers.ts';
import { applyToPod, podServerRef } from '../../../src/objects/pod.ts';
import { decisionFor } from '../../harness/decided.ts';
import * as harness from '../../harness/objects.ts';

const { container, frozen, mcpServer, PASSWORD_ENTRY: ENTRY, pod } = harness;

describe('pod › its server by labels', () => {
	it('another app, or a backend of a server with the name mcpserver › none', () => {
		expect(podServerRef(pod(mcpServer()), 'demo')).to.deep.equal({
			kind: 'MCPServer',
			namespace: 'demo',
			name: 'search',
		});
		const proto = JSON.parse('{"__proto__":"x","app":"constructor","toolhive-name":"a"}');
		for (const labels of [{ app: 'web', 'toolhive-name': 'search' }, proto])
			expect(podServerRef(pod(mcpServer(), {}, { labels }), 'demo')).to.equal(undefined);
		const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'mcpserver' }];
		expect(podServerRef(pod(mcpServer(), {}, { ownerReferences }), 'demo')).to.equal(undefined);
	});
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
	it('no container with the name of the proxy › the first one is the proxy', () => {
		expect(proxyImageOf({ containers: [{ name: 'other', image: 'i' }] }, 'MCPServer')).to.equal('i');
	});
	it('spec or containers of wrong types › unchanged', () => {
		for (const spec of [undefined, 'x', {}, { containers: {} }, { containers: [null] }]) {
			const object = { ...pod(owner), spec };
			expect(apply(owner, object)).to.equal(object);
			expect(proxyImageOf(spec, 'MCPServer')).to.equal(undefined);
		}
	});
});
