import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse, stringify } from 'yaml';
import { completeCrds } from '../../src/objects/crd-text.ts';
import { UnusableText } from '../../src/objects/yaml-read.ts';
import { bomb } from './bomb.ts';

const OLD = readFileSync(join(import.meta.dirname, '../fixtures/old-mcpservers-crd.yaml'), 'utf8');
const OTHER = 'apiVersion: v1\nkind: ConfigMap\ndata: { a: "1" }\n\n\n\n';

describe('a text that cannot be completed', () => {
	const template = `{{- if .Values.crds.install }}\n${OLD}{{- end }}\n`;
	const shared = parse(OLD);
	shared.spec.names.kind = 'VirtualMCPServer';
	const twins = parse(OLD);
	shared.spec.versions = twins.spec.versions;
	const rows = [
		{ it: 'broken YAML', text: `${OTHER}a: [1\nb: 2\n`, at: [8, 1], says: 'not valid YAML or JSON: ' },
		{ it: 'a key that stands twice', text: 'a: 1\n---\nb: 1\nc: 2\nb: 3\n', at: [5, 1], says: 'keys must be unique' },
		{ it: 'broken JSON', text: '{"a": 1', at: [1, 8], says: 'not valid YAML or JSON: ' },
		{ it: 'a Helm template', text: template, at: [1, 3], says: 'render it first with `helm template`' },
		{
			it: 'a Helm template that is valid YAML',
			text: OLD.replace('name: mcps', 'name: {{ .Values.prefix }} #mcps'),
			at: [9, 10],
			says: 'render it first',
		},
		{
			it: 'an alias without anchor',
			text: OLD.replace('type: string', 'type: *nowhere'),
			at: [25, 13],
			says: 'aliases cannot be followed: Unresolved alias',
		},
		{
			it: 'a bomb of aliases',
			text: bomb('kind: CustomResourceDefinition\n'),
			at: [12, 55],
			says: 'aliases cannot be followed: Excessive alias count',
		},
		{
			it: 'one schema for two kinds',
			text: stringify({ kind: 'List', items: [twins, shared] }),
			at: [1, 1],
			says: 'without changing something else; write its aliases out first',
		},
		{
			it: 'a schema behind an explicit key, without any alias',
			text: OLD.replace(/^( +)properties:\n +args:/m, '$1? properties\n$1: args:'),
			at: [3, 1],
			says: 'without changing something else; print it anew first',
		},
		{
			it: 'v1beta1',
			text: `---\n${OLD}`.replace('k8s.io/v1', 'k8s.io/v1beta1'),
			at: [5, 13],
			says: 'since Kubernetes 1.22 only apiextensions.k8s.io/v1',
		},
		{
			it: 'a version without schema',
			text: OLD.replace('    schema:', '    schemas:'),
			at: [22, 5],
			says: 'version v1alpha1 of the CRD of MCPServer has no schema',
		},
		{
			it: 'the second of a List',
			text: stringify({ kind: 'List', items: [twins, JSON.parse(JSON.stringify({ ...twins, apiVersion: 'v2' }))] }),
			at: [93, 17],
			says: 'the CRD of MCPServer is "v2"',
		},
	];
	for (const { it: title, text, at, says } of rows) {
		it(`${title}: says what and where`, () => {
			let error: unknown;
			try {
				completeCrds(text);
			} catch (thrown) {
				error = thrown;
			}
			expect(error).to.be.instanceOf(UnusableText);
			const { message, line, column } = error as UnusableText;
			expect(message).to.contain(says).and.not.contain('\n');
			expect([line, column]).to.deep.equal(at);
		});
	}
});

describe('a text of too many levels', () => {
	it('is refused', () => {
		const refused = () => completeCrds(`a: 1\nb: ${'['.repeat(5_000)}`);
		expect(refused).to.throw(UnusableText, 'nested too deeply').and.include({ line: 2, column: 4 });
	});
});
