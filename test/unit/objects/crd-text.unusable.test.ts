import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse, stringify } from 'yaml';
import { completeCrds } from '../../../src/manifests/crd-text.ts';
import { Unparsable } from '../../../src/manifests/values.ts';
import { bomb } from './bomb.ts';

const OLD = readFileSync(join(import.meta.dirname, '../../fixtures/old-mcpservers-crd.yaml'), 'utf8');
const OTHER = 'apiVersion: v1\nkind: ConfigMap\ndata: { a: "1" }\n\n\n\n';

describe('a text that cannot be completed', () => {
	const template = `{{- if .Values.crds.install }}\n${OLD}{{- end }}\n`;
	const shared = parse(OLD);
	shared.spec.names.kind = 'VirtualMCPServer';
	const twins = parse(OLD);
	shared.spec.versions = twins.spec.versions;
	const rows = [
		{
			it: 'a directive',
			text: `%YAML 1.2\n---\n${OLD}`,
			at: [1, 1],
			says: 'kubectl takes no directives such as %YAML; leave the line out',
		},
		{ it: 'broken YAML', text: `${OTHER}a: [1\nb: 2\n`, at: [8, 1], says: 'Flow sequence in block collection must' },
		{
			it: 'a key that stands twice',
			text: 'a: 1\n---\nb: 1\nc: 2\nb: 3\n',
			at: [5, 1],
			says: 'the key "b" stands twice',
		},
		{ it: 'broken JSON', text: '{"a": 1', at: [1, 8], says: 'Flow map must end with a }' },
		{ it: 'a Helm template', text: template, at: [1, 3], says: 'use what `helm template` prints' },
		{
			it: 'a Helm template that is valid YAML',
			text: OLD.replace('name: mcps', 'name: {{ .Values.prefix }} #mcps'),
			at: [9, 10],
			says: 'use what `helm template` prints',
		},
		{
			it: 'an alias without anchor',
			text: OLD.replace('type: string', 'type: *nowhere'),
			at: [25, 13],
			says: 'nothing above it is called &nowhere',
		},
		{
			it: 'a bomb of aliases',
			text: bomb('kind: CustomResourceDefinition\n'),
			at: [1, 1],
			says: 'it has more than two million values',
		},
		{
			it: 'one schema for two kinds',
			text: stringify({ kind: 'List', items: [twins, shared] }),
			at: [1, 1],
			says: 'without changing something else; write out aliases',
		},
		{
			it: 'a schema behind an explicit key, without any alias',
			text: OLD.replace(/^( +)properties:\n +args:/m, '$1? properties\n$1: args:'),
			at: [4, 1],
			says: 'without changing something else; write out aliases',
		},
		{
			it: 'v1beta1',
			text: `---\n${OLD}`.replace('k8s.io/v1', 'k8s.io/v1beta1'),
			at: [5, 1],
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
			at: [93, 5],
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
			expect(error).to.be.instanceOf(Unparsable);
			const { message, at: place } = error as Unparsable;
			expect(message).to.contain(says).and.not.contain('\n');
			expect([place?.line, place?.column]).to.deep.equal(at);
		});
	}
});

describe('a text of too many levels', () => {
	it('is refused', () => {
		const refused = () => completeCrds(`a: 1\nb: ${'['.repeat(5_000)}`);
		expect(refused).to.throw(Unparsable, 'nested too deeply').with.deep.property('at', { line: 1, column: 1 });
	});
});
