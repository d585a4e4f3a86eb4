import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import { completeCrds, crdTextOf } from '../../../src/manifests/crd-text.ts';
import { Unparsable } from '../../../src/manifests/values.ts';

const ROOT = join(import.meta.dirname, '../../..');
const OLD = readFileSync(join(ROOT, 'test/fixtures/old-mcpservers-crd.yaml'), 'utf8');
const COMPLETED = completeCrds(OLD).text;
const COMPLETE = crdTextOf('MCPServer');
const OTHER = '# another client\'s\r\napiVersion: v1\nkind:   ConfigMap\ndata: {  a: "1" , }\n\n\n';
const FOREIGN = OLD.replaceAll('toolhive.stacklok.dev', 'example.com');
const NOTE =
	'mcpservers.toolhive.stacklok.dev v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage';

/** Returns the fields of spec in the text of a CRD. */
const fieldsOf = (text: string, version = 0): Record<string, unknown> =>
	parse(text).spec.versions[version].schema.openAPIV3Schema.properties.spec.properties;

/** `found` is the number of CRDs for ToolHive's kinds. */
const UNCHANGED: [title: string, text: string, found: number][] = [
	['complete', COMPLETE, 1],
	['among other documents', `# first\n---\n${OTHER}---\n---\n# complete\n${COMPLETE}...\n---\n${OTHER}# last`, 1],
	['another CRD of v1beta1', FOREIGN.replace('k8s.io/v1', 'k8s.io/v1beta1'), 0],
];

describe('CRD text › unchanged', () => {
	for (const [title, text, found] of UNCHANGED)
		it(`${title} › ${found} found`, () => expect(completeCrds(text)).to.deep.equal({ text, found, notes: [] }));
});

const crd = parse(OLD);
const empty = structuredClone(crd);
empty.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties = {};
const list = (kind: string, ...items: unknown[]) => ({ kind, items });

const FORMS: [title: string, write: (object: unknown) => string][] = [
	['YAML', (object) => stringify(object)],
	['YAML in braces', (object) => stringify(object, { collectionStyle: 'flow' })],
	['JSON in one line', (object) => JSON.stringify(object)],
	['a List', (object) => stringify(list('List', { a: 1 }, object))],
	['a typed List', (object) => JSON.stringify(list('CustomResourceDefinitionList', object))],
];
const PLACES: [title: string, place: (text: string) => string][] = [
	['line breaks of Windows', (text) => text.replaceAll('\n', '\r\n')],
	['a byte order mark', (text) => `\uFEFF${text}`],
	['between others', (text) => `${OTHER}---\n${text}---\n${OTHER}`],
];

describe('CRD text › the CRD from an old operator', () => {
	it('the fields are added in the order and style of controller-gen', () => {
		const fields = fieldsOf(COMPLETED);
		expect(Object.keys(fields)).to.deep.equal(Object.keys(fields).toSorted());
		expect(COMPLETED).to.match(/\n {20}enum:\n {20}- memory\n {20}- redis\n/);
	});
	for (const [title, place] of PLACES)
		it(`${title} › the same`, () => expect(completeCrds(place(OLD)).text).to.equal(place(COMPLETED)));
	for (const [title, write] of FORMS) {
		it(`${title} › the fields are added, even if there was no field`, () => {
			for (const before of [crd, empty]) {
				const after = structuredClone(before);
				const { spec } = after.spec.versions[0].schema.openAPIV3Schema.properties;
				Object.assign(spec.properties, SCALING_FIELDS.MCPServer);
				const { text, notes } = completeCrds(write(before));
				expect(parse(text)).to.deep.equal(parse(write(after)));
				expect(notes).to.deep.equal([NOTE]);
				if (write(before).startsWith('{"')) JSON.parse(text);
				expect(completeCrds(text), 'a second time').to.deep.equal({ text, found: 1, notes: [] });
			}
		});
	}
	it('two versions › both get the fields, once in the text if they share a schema by an alias', () => {
		const two = structuredClone(crd);
		two.spec.versions.push({ ...two.spec.versions[0], name: 'v1beta1' });
		for (const aliasDuplicateObjects of [true, false]) {
			const { text, notes } = completeCrds(stringify(two, { aliasDuplicateObjects }));
			for (const version of [0, 1]) expect(fieldsOf(text, version)).to.include.keys('replicas', 'backendReplicas');
			expect(text.match(/backendReplicas:/g)).to.have.length(aliasDuplicateObjects ? 1 : 2);
			expect(notes).to.deep.equal([NOTE, NOTE.replace('v1alpha1', 'v1beta1')]);
		}
	});
});

const SHARED = 'without changing something else; resolve aliases';
const OTHER_KIND = { ...crd, spec: { ...crd.spec, names: { ...crd.spec.names, kind: 'VirtualMCPServer' } } };
const V2 = structuredClone({ ...crd, apiVersion: 'v2' });

/** test/unit/manifests tests all texts that cannot be read. */
const REJECTED: [title: string, text: string, line: number, column: number, message: string][] = [
	['a directive', `%YAML 1.2\n---\n${OLD}`, 1, 1, 'kubectl does not support directives such as %YAML; remove the line'],
	['the second document', 'a: 1\n---\nb: 1\nc: *d\n', 4, 4, 'there is no anchor &d'],
	['the second of a List', stringify(list('List', crd, V2)), 93, 5, 'the CRD of MCPServer is "v2"'],
	['5,000 levels, without a place', `a: 1\nb: ${'['.repeat(5_000)}`, 1, 1, 'nested too deeply'],
	['one schema for two kinds', stringify(list('List', crd, OTHER_KIND)), 1, 1, SHARED],
	['an explicit key', OLD.replace(/^( +)properties:\n +args:/m, '$1? properties\n$1: args:'), 4, 1, SHARED],
];

describe('CRD text › rejected, with the place', () => {
	for (const [title, text, line, column, message] of REJECTED) {
		it(title, () => {
			const rejected = expect(() => completeCrds(text)).to.throw(Unparsable, message);
			rejected.with.deep.property('at', { line, column });
		});
	}
});
