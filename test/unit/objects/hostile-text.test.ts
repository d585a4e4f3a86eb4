/** Texts that somebody made to be slow, and names that no object can have: both reach us before the API server looks at them. */
import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { ownersOf } from '../../../src/objects/metadata.ts';
import { podServerRef } from '../../../src/objects/pod.ts';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';
import { withoutStacks } from '../../../src/text/yaml.ts';

const FIELDS = { backendReplicas: 2, redis: { address: 'r:1', db: 0 } };
const REPEATED = 980 * 1024;

const LARGE = [
	{ it: 'one long flow list', text: `{"tls": 1, "a": [${'1,'.repeat(REPEATED / 2)}1]}` },
	{ it: 'many small objects', text: `{"tls": 1, "a": [${'{"k":1},'.repeat(REPEATED / 8)}1]}` },
	{ it: 'many lines', text: `tls: 1\na:\n${'- 1\n'.repeat(REPEATED / 4)}` },
];

describe('texts made to be slow', () => {
	for (const { it: title, text } of LARGE) {
		it(`${title}, about 1 MB: left alone before a parser sees it`, () => {
			expect(editRunConfig(text, FIELDS, 'both')).to.equal(undefined);
			expect(editVmcpConfig(text, FIELDS.redis)).to.equal(undefined);
			expect([runConfigHasTls(text), vmcpConfigHasTls(text)]).to.deep.equal([false, false]);
		});
	}

	it('one of 500 KB is edited without a tree of it', () => {
		const text = `{"a": [${'{"k":1},'.repeat(60_000)}1]}`;
		const before = process.memoryUsage().heapUsed;
		expect(editRunConfig(text, FIELDS, 'both')).to.contain('"backend_replicas":2');
		expect((process.memoryUsage().heapUsed - before) / 2 ** 20).to.be.lessThan(200);
	});
});

describe('a text in which nearly everything is wrong', () => {
	const text = `a: [${','.repeat(16 * 1024)}]`;
	const cpuMs = (work: () => unknown): number => {
		const before = process.cpuUsage();
		work();
		const { user, system } = process.cpuUsage(before);
		return (user + system) / 1000;
	};

	it('costs far less than the parser by itself makes of it', () => {
		const byItself = cpuMs(() => parseDocument(text));
		expect(cpuMs(() => editVmcpConfig(text, FIELDS.redis))).to.be.below(byItself / 2);
		expect(cpuMs(() => vmcpConfigHasTls(text))).to.be.below(byItself / 2);
	});
	it('leaves errors of others with their stacks', () => {
		expect(withoutStacks(() => new Error('x').stack)).not.to.contain('\n');
		expect(() =>
			withoutStacks(() => {
				throw new Error('planted');
			}),
		).to.throw('planted');
		expect(new Error('x').stack).to.contain('\n');
	});
});

describe('names that no object can have', () => {
	for (const name of [
		'../../../../../../api/v1/configmaps',
		'..',
		'.',
		'a/b',
		'A',
		'a?b',
		'a%2fb',
		'',
		'a'.repeat(254),
		'a\n',
	]) {
		it(`${JSON.stringify(name.slice(0, 40))}: nobody's owner, nobody's pod`, () => {
			const reference = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name, uid: 'u' };
			expect(ownersOf({ metadata: { name, ownerReferences: [reference] } }, 'demo')).to.deep.equal([]);
			expect(podServerRef({ metadata: { labels: { app: 'mcpserver', 'toolhive-name': name } } }, 'demo')).to.equal(
				undefined,
			);
		});
	}
});
