import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Source } from '../../../src/manifests/documents.ts';
import { type Manifest, manifestsOf } from '../../../src/manifests/manifest.ts';
import { isProblem, isSkipped, isUnreviewed, problemText } from '../../../src/manifests/problem.ts';

const read = (text: string, format: Source['format'] = 'yaml', line = 1) =>
	manifestsOf({ file: 'f', line, offset: 0, text, format });

const manifestsIn = (text: string, format: Source['format'] = 'yaml', line = 1): Manifest[] =>
	read(text, format, line).map((one) => {
		if (isUnreviewed(one)) throw new Error(problemText(one));
		return one;
	});

const TYPE = 'apiVersion: v1\nkind: ConfigMap\n';

describe('a manifest', () => {
	it('begins at its first key, whatever stands above it', () => {
		const [one] = manifestsIn(`---\n# about it\n\n${TYPE}metadata: { name: a }\n`, 'yaml', 11);
		expect(one?.line).to.equal(14);
	});
	it('knows the lines of its fields, and of the nearest thing around one that is missing', () => {
		const text = `${TYPE}metadata:\n  name: a\n  annotations:\n    toolhive-scaling/ignore: x\ndata:\n  run.config.json: "{}"\n`;
		const [one] = manifestsIn(text, 'yaml', 101);
		const lines = ['kind', 'metadata.name', 'metadata.annotations[toolhive-scaling/ignore]', 'data[run.config.json]'];
		expect(lines.map((field) => one?.lineOf(field))).to.deep.equal([102, 104, 106, 108]);
		expect(one?.lineOf('metadata.labels.app')).to.equal(103);
		expect(one?.lineOf('spec.replicas')).to.equal(101);
	});
	it('keeps numbers that JavaScript cannot hold, and rounds them for the webhooks as JSON.parse does', () => {
		for (const [text, format] of [
			[`${TYPE}metadata: { name: a }\nbig: 12345678901234567890\nsmall: 3\n`, 'yaml'],
			['{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"big":12345678901234567890,"small":3}', 'json'],
		] as const) {
			const [one] = manifestsIn(text, format);
			expect(one?.exact['big']).to.equal(12345678901234567890n);
			expect(one?.object['big']).to.equal(12345678901234567000);
			expect([one?.exact['small'], one?.object['small']]).to.deep.equal([3, 3]);
		}
	});
	it('is the same object for both where every number fits', () => {
		const [one] = manifestsIn(`${TYPE}metadata: { name: a }\n`);
		expect(one?.exact).to.equal(one?.object);
	});
	it('may leave its name to the API server', () => {
		expect(manifestsIn(`${TYPE}metadata: { generateName: a- }\n`)).to.have.length(1);
	});
});

describe('a List', () => {
	it('is its items, each with its own lines', () => {
		const text = `apiVersion: v1\nkind: List\nitems:\n- ${TYPE.replace('\n', '\n  ')}  metadata: { name: a }\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: b\n`;
		const items = manifestsIn(text);
		expect(items.map(({ object, line }) => [object['kind'], line])).to.deep.equal([
			['ConfigMap', 4],
			['Secret', 7],
		]);
		expect(items[1]?.lineOf('metadata.name')).to.equal(10);
	});
	it('of one kind tells its items what they are', () => {
		const text = '{"apiVersion":"v1","kind":"ConfigMapList","metadata":{},"items":[{"metadata":{"name":"a"}}]}';
		expect(manifestsIn(text, 'json')[0]?.object).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
	});
	it('may stand in a List', () => {
		const inner = '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"X","metadata":{"name":"a"}}]}';
		expect(manifestsIn(`{"apiVersion":"v1","kind":"List","items":[${inner},${inner}]}`, 'json')).to.have.length(2);
	});
	it('may be empty', () => {
		for (const items of ['[]', 'null'])
			expect(read(`{"apiVersion":"v1","kind":"List","items":${items}}`)).to.deep.equal([]);
	});
	it('a broken item does not hide the others', () => {
		const all = read(
			'{"apiVersion":"v1","kind":"List","items":[3,{"apiVersion":"v1","kind":"X","metadata":{"name":"a"}}]}',
			'json',
		);
		expect(all.map(isSkipped)).to.deep.equal([true, false]);
	});
	it('a kind of somebody else that ends in List is an object like others', () => {
		const [one] = manifestsIn('apiVersion: example.com/v1\nkind: AllowList\nmetadata: { name: a }\nspec: {}\n');
		expect(one?.object['kind']).to.equal('AllowList');
	});
});

const SERVER = 'apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\n';
const OWNED = `${TYPE}metadata:\n  ownerReferences: [{ apiVersion: toolhive.stacklok.dev/v1beta1, kind: MCPServer, name: a }]\n`;

/** Not to be parsed: an error where the text mentions ToolHive, skipped where it does not. */
const UNPARSABLE: { it: string; text: string; says: string }[] = [
	{ it: 'broken YAML', text: 'a: 1\n b: 2\n', says: 'f:11:4: … Nested mappings' },
	{ it: 'a key twice', text: `${TYPE}kind: Secret\n`, says: 'f:13:1: … the key "kind" stands twice' },
	{ it: 'a tab', text: `${TYPE}metadata:\n\tname: a\n`, says: 'f:14:1: … Tabs are not allowed as indentation' },
	{
		it: 'a template as a value',
		text: `${TYPE}metadata: { name: a }\nx: {{ .Values.x }}\n`,
		says: 'f:14:5: … it looks like a Helm',
	},
	{ it: 'a template around lines', text: `{{- if .Values.x }}\n${TYPE}{{- end }}\n`, says: 'helm template' },
	{
		it: 'a number that JSON does not have',
		text: `${TYPE}metadata: { name: a }\nx: .inf\n`,
		says: 'no number of JSON',
	},
];

describe('a document that cannot be parsed', () => {
	for (const { it: title, text, says } of UNPARSABLE) {
		it(`${title} › it does not mention ToolHive › skipped, with where and what`, () => {
			const [one, ...others] = read(text, 'yaml', 11);
			expect(others).to.deep.equal([]);
			expect(one).to.include({ isBroken: true });
			expect(one !== undefined && isSkipped(one) ? problemText(one) : 'not skipped').to.include(
				says.replace('…', 'skipped:'),
			);
		});
		it(`${title} › it mentions ToolHive › error`, () => {
			const [one, ...others] = read(`${text}# toolhive.stacklok.dev\n`, 'yaml', 11);
			expect(others).to.deep.equal([]);
			expect(one !== undefined && isProblem(one) ? problemText(one) : 'no error').to.include(says.replace('… ', ''));
		});
	}
	it('what is wrong is said before that it may be a template', () => {
		const [one] = read(`${TYPE}data:\n\ta: "{{ $labels.pod }}"\n`);
		expect(one !== undefined && isSkipped(one) ? one.skipped : '').to.match(
			/^Tabs are not allowed.*; if this is a Helm template/,
		);
	});
});

const NOT_MANIFESTS: { it: string; text: string; why: string }[] = [
	{ it: 'a list', text: '- a\n', why: 'a list is not a Kubernetes manifest' },
	{ it: 'a JSON patch', text: '- op: replace\n  path: /kind\n  value: MCPServer\n', why: 'a list is not' },
	{ it: 'a text', text: 'hello\n', why: 'a plain value is not a Kubernetes manifest' },
	{ it: 'no kind', text: 'apiVersion: v1\nmetadata: { name: a }\n', why: 'no apiVersion and kind at the top level' },
	{ it: 'no apiVersion', text: 'kind: MCPServer\nmetadata: { name: a }\n', why: 'no apiVersion and kind' },
	{ it: 'an empty kind', text: 'apiVersion: v1\nkind: ""\n', why: 'no apiVersion and kind' },
	{
		it: 'a kind that is an object',
		text: 'apiVersion: { type: string }\nkind: { type: string }\n',
		why: 'no apiVersion',
	},
	{ it: 'items without a kind', text: `items:\n- ${SERVER.replace('\n', '\n  ')}`, why: 'no apiVersion and kind' },
	{
		it: 'values of a chart with a whole server in them',
		text: `extraObjects:\n- ${SERVER.replace('\n', '\n  ')}`,
		why: 'no apiVersion and kind at the top level',
	},
	{
		it: 'a kustomization',
		text: 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
		why: 'kubectl kustomize',
	},
	{
		it: 'a component of kustomize',
		text: 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: { name: a }\n',
		why: 'kubectl kustomize',
	},
];

describe('a document that is not a manifest', () => {
	for (const { it: title, text, why } of NOT_MANIFESTS) {
		it(`${title} › skipped, with the reason`, () => {
			for (const given of [text, `${text}# toolhive.stacklok.dev\n`]) {
				const [one, ...others] = read(given, 'yaml', 11);
				expect(others).to.deep.equal([]);
				expect(one).not.to.have.property('isBroken');
				expect(one !== undefined && isSkipped(one) ? problemText(one) : 'not skipped').to.match(/^f:11: skipped: /);
				expect(one).to.have.property('skipped').that.includes(why);
			}
		});
	}
	it('a template in a text of a ConfigMap is none of ours', () => {
		expect(manifestsIn(`${TYPE}metadata: { name: a }\ndata:\n  x: |\n    {{ .Values }}\n`)).to.have.length(1);
	});
	it('nothing but comments is nothing', () => {
		expect(read('---\n# later\n')).to.deep.equal([]);
	});
});

const NAMES: { it: string; metadata: string; says: string; isNameless?: true }[] = [
	{
		it: 'no metadata',
		metadata: '',
		says: ' without a name: metadata.name must be a string; if this is a patch for',
		isNameless: true,
	},
	{ it: 'metadata of another type', metadata: 'metadata: [a]\n', says: ' without a name', isNameless: true },
	{ it: 'a name that is a number', metadata: 'metadata: { name: 7 }\n', says: 'put quotes around 7' },
	{ it: 'a template as a name', metadata: 'metadata: { name: "{{ .Release.Name }}" }\n', says: 'helm template' },
];

describe('a name that is missing or wrong', () => {
	for (const { it: title, metadata, says, isNameless } of NAMES) {
		for (const kind of ['MCPServer', 'VirtualMCPServer', 'MCPRemoteProxy']) {
			it(`${title} › ${kind} › ${isNameless ? 'nameless' : 'error'}`, () => {
				const [one] = read(`${SERVER.replace('MCPServer', kind)}${metadata}`);
				expect(one)
					.to.have.property(isNameless ? 'skipped' : 'problem')
					.that.includes(says);
				expect(one !== undefined && isSkipped(one) && one.isNameless).to.equal(isNameless ?? false);
			});
		}
		for (const type of [
			'apiVersion: kagent.dev/v1alpha1\nkind: MCPServer\n',
			SERVER.replace('MCPServer', 'MCPGroup'),
			TYPE,
		]) {
			it(`${title} › ${type.replaceAll('\n', ' ').trim()} › an object like others`, () => {
				expect(manifestsIn(type + metadata)).to.have.length(1);
			});
		}
	}
	it('an object that a server owns › nameless', () => {
		expect(read(OWNED).map((one) => isSkipped(one) && one.isNameless)).to.deep.equal([true]);
		expect(read(OWNED.replace('toolhive.stacklok.dev', 'kagent.dev')).map(isUnreviewed)).to.deep.equal([false]);
	});
	it('an item of a list of servers › nameless, and the others are read', () => {
		const list =
			'{"apiVersion":"toolhive.stacklok.dev/v1beta1","kind":"MCPServerList","items":[{"spec":{}},{"metadata":{"name":"a"}},3]}';
		expect(read(list, 'json').map((one) => [isProblem(one), isSkipped(one)])).to.deep.equal([
			[false, true],
			[false, false],
			[false, true],
		]);
	});
});
