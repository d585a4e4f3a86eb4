import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse, stringify } from 'yaml';
import { GROUP, KIND_LIST, KINDS } from '../../../src/api/names.ts';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import { completeCrds, crdTextOf } from '../../../src/manifests/crd-text.ts';

const ROOT = join(import.meta.dirname, '../../..');
const OLD = readFileSync(join(ROOT, 'test/fixtures/old-mcpservers-crd.yaml'), 'utf8');
const OURS = crdTextOf('MCPServer');
const OTHER = '# somebody else\'s\r\napiVersion: v1\nkind:   ConfigMap\ndata: {  a: "1" , }\n\n\n';
const NOTE =
	'mcpservers.toolhive.stacklok.dev v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage';

const linesOf = (text: string): string[] => text.split('\n');
/** The fields of spec in the text of a CRD. */
const fieldsOf = (text: string, version = 0): Record<string, unknown> =>
	parse(text).spec.versions[version].schema.openAPIV3Schema.properties.spec.properties;

describe('CRDs of our own', () => {
	for (const kind of KIND_LIST) {
		it(`${kind}: the text is what manifests/crds holds below its first line`, () => {
			const file = readFileSync(join(ROOT, `manifests/crds/${GROUP}_${KINDS[kind].plural}.yaml`), 'utf8');
			expect(file.slice(file.indexOf('\n') + 1)).to.equal(crdTextOf(kind));
		});
		it(`${kind}: carries rule and enum`, () => {
			const text = crdTextOf(kind);
			expect(text).to.include("self.provider == 'redis' ? has(self.address) : true");
			expect(text).to.include('message: address is required when provider is redis');
			expect(text).to.match(/enum:\n\s+- memory\n\s+- redis\n/);
		});
	}
});

describe('CRDs that have everything', () => {
	const texts = {
		'our own': OURS,
		'all of ours': KIND_LIST.map(crdTextOf).join('---\n'),
		'without a last line break': OURS.trimEnd(),
		'with line breaks of Windows': OURS.replaceAll('\n', '\r\n'),
		'with a byte order mark': `\uFEFF${OURS}`,
		'among other documents, comments and empty ones': `# first\n---\n${OTHER}---\n---\n# ours\n${OURS}...\n---\n${OTHER}# last`,
		'as JSON': JSON.stringify(parse(OURS)),
		'as JSON with lines': JSON.stringify(parse(OURS), null, '\t'),
		'in a List': stringify({ apiVersion: 'v1', kind: 'List', items: [parse(OURS), { kind: 'Pod' }, null] }),
	};
	for (const [title, text] of Object.entries(texts)) {
		it(`stay as they are: ${title}`, () => {
			const { text: result, notes, found } = completeCrds(text);
			expect(result).to.equal(text);
			expect(notes).to.deep.equal([]);
			expect(found).to.be.at.least(1);
		});
	}
});

describe('texts without a CRD of ours', () => {
	const texts = {
		nothing: '',
		'a comment': '# only this',
		'a word': 'word',
		'a list': '- kind: CustomResourceDefinition',
		'another object': OTHER,
		'another CRD': OLD.replaceAll('toolhive.stacklok.dev', 'example.com'),
		'another CRD, and old': OLD.replaceAll('toolhive.stacklok.dev', 'example.com').replace(
			'k8s.io/v1',
			'k8s.io/v1beta1',
		),
		'a List without items': 'kind: List',
		'a List of null': 'kind: List\nitems: null',
		'a kind that is a mapping': 'kind: {}',
	};
	for (const [title, text] of Object.entries(texts)) {
		it(`stay as they are, and nothing is found: ${title}`, () => {
			expect(completeCrds(text)).to.deep.equal({ text, found: 0, notes: [] });
		});
	}
});

describe('the CRD of an old operator', () => {
	const { text, notes, found } = completeCrds(OLD);

	it('gets the fields', () => {
		const { args, image, podTemplateSpec, sessionAffinity, transport } = fieldsOf(OLD);
		const others = { args, image, podTemplateSpec, sessionAffinity, transport };
		expect(fieldsOf(text)).to.deep.equal({ ...others, ...SCALING_FIELDS.MCPServer });
		expect(notes).to.deep.equal([NOTE]);
		expect(found).to.equal(1);
	});

	it('gets lines, and keeps all that it had in their order', () => {
		const before = linesOf(OLD);
		let kept = 0;
		for (const line of linesOf(text)) if (line === before[kept]) kept += 1;
		expect(kept).to.equal(before.length);
	});

	it('has them where controller-gen would put them, and in its style', () => {
		const fields = Object.keys(fieldsOf(text));
		expect(fields).to.deep.equal([...fields].sort());
		expect(text).to.include('                    enum:\n                    - memory\n                    - redis\n');
	});

	it('is finished: a second time adds nothing', () => {
		expect(completeCrds(text)).to.deep.equal({ text, found: 1, notes: [] });
	});

	const others = {
		'with line breaks of Windows': [OLD.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r\n')],
		'with a byte order mark': [`\uFEFF${OLD}`, `\uFEFF${text}`],
		'between others': [`${OTHER}---\n${OLD}---\n${OTHER}`, `${OTHER}---\n${text}---\n${OTHER}`],
		'beside one that has everything': [`${OURS}${OLD}`, `${OURS}${text}`],
	} as const;
	for (const [title, [given, expected]] of Object.entries(others)) {
		it(`gets the same ${title}`, () => expect(completeCrds(given).text).to.equal(expected));
	}

	const crd = parse(OLD);
	const expected = parse(text);
	const forms = {
		'JSON in one line': [JSON.stringify(crd), expected],
		'JSON with lines': [JSON.stringify(crd, null, 2), expected],
		'YAML in braces': [stringify(crd, { collectionStyle: 'flow' }), expected],
		'YAML with four blanks': [stringify(crd, { indent: 4 }), expected],
		'a List': [stringify({ kind: 'List', items: [{ a: 1 }, crd] }), { kind: 'List', items: [{ a: 1 }, expected] }],
		'a typed List': [
			JSON.stringify({ kind: 'CustomResourceDefinitionList', items: [crd] }),
			{ kind: 'CustomResourceDefinitionList', items: [expected] },
		],
	} as const;
	for (const [title, [given, says]] of Object.entries(forms)) {
		it(`gets the same as ${title}`, () => {
			const result = completeCrds(given);
			expect(parse(result.text)).to.deep.equal(says);
			expect(result.notes).to.deep.equal([NOTE]);
			if (title.startsWith('JSON')) expect(JSON.parse(result.text)).to.deep.equal(says);
		});
	}
});

describe('a CRD whose spec has no field yet', () => {
	const crd = parse(OLD);
	crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties = {};
	for (const [title, given] of Object.entries({
		YAML: stringify(crd),
		'JSON in one line': JSON.stringify(crd),
		'JSON with lines': JSON.stringify(crd, null, 2),
	})) {
		it(`gets them into its empty braces, as ${title}`, () => {
			const result = completeCrds(given);
			expect(fieldsOf(result.text)).to.deep.equal(SCALING_FIELDS.MCPServer);
			expect(result.notes).to.deep.equal([NOTE]);
			if (title.startsWith('JSON')) JSON.parse(result.text);
			expect(completeCrds(result.text)).to.deep.equal({ text: result.text, found: 1, notes: [] });
		});
	}
});

describe('a CRD with merge keys', () => {
	it('gets the fields beside what they bring', () => {
		const given = OLD.replace(/^( +)args:/m, '$1<<: {merged: {type: string}}\n$1args:');
		const result = completeCrds(given);
		expect(result.notes).to.deep.equal([NOTE]);
		expect(fieldsOf(result.text)).to.include.keys('<<', 'args', 'replicas', 'backendReplicas', 'sessionStorage');
		expect(completeCrds(result.text)).to.deep.equal({ text: result.text, found: 1, notes: [] });
	});
});

describe('every version of a CRD', () => {
	const two = parse(OLD);
	two.spec.versions.push({ ...two.spec.versions[0], name: 'v1beta1' });

	it('gets the fields', () => {
		const result = completeCrds(stringify(two, { aliasDuplicateObjects: false }));
		for (const version of [0, 1]) expect(fieldsOf(result.text, version)).to.include.keys('replicas', 'backendReplicas');
		expect(result.notes).to.deep.equal([NOTE, NOTE.replace('v1alpha1', 'v1beta1')]);
	});

	it('gets them once, where it shares its schema by an alias', () => {
		const given = stringify(two);
		expect(given).to.match(/schema: &/);
		const { text } = completeCrds(given);
		for (const version of [0, 1]) expect(fieldsOf(text, version)).to.include.keys('replicas', 'backendReplicas');
		expect(text.match(/backendReplicas:/g)).to.have.length(1);
	});
});
