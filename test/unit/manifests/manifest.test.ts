import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Source } from '../../../src/manifests/documents.ts';
import { type Manifest, manifestsOf } from '../../../src/manifests/manifest.ts';
import { isProblem, isSkipped, isUnreviewed, problemText } from '../../../src/manifests/problem.ts';

const read = (text: string, format: Source['format'] = 'yaml', line = 1) =>
	manifestsOf({ file: 'f', line, offset: 0, text, format });
/** Returns the manifests in a text that contains nothing else. */
const manifestsIn = (...source: Parameters<typeof read>): Manifest[] =>
	read(...source).map((one) => {
		if (isUnreviewed(one)) throw new Error(problemText(one));
		return one;
	});
/** Returns the only result, as `problem: text` or `skipped: text`. */
const onlyOf = (text: string): string => {
	const [one, ...others] = read(text, 'yaml', 11);
	expect(others).to.deep.equal([]);
	if (one === undefined || !isUnreviewed(one)) return 'a manifest';
	return isProblem(one) ? `problem: ${problemText(one)}` : problemText(one);
};

const TYPE = 'apiVersion: v1\nkind: ConfigMap\n';
const NAMED = `${TYPE}metadata: { name: a }\n`;
const SERVER = 'apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\n';
const SERVER_ITEM = SERVER.replace('\n', '\n  ');
const MENTION = '# toolhive.stacklok.dev\n';
const listOf = (...items: string[]): string => `{"apiVersion":"v1","kind":"List","items":[${items}]}`;
const ITEM = '{"apiVersion":"v1","kind":"X","metadata":{"name":"a"}}';

describe('manifestsOf › an object', () => {
	it('comments above it, no large number › begins at its first key; exact and object are the same', () => {
		const [one] = manifestsIn(`---\n# about it\n\n${NAMED}`, 'yaml', 11);
		expect(one?.line).to.equal(14);
		expect(one?.exact).to.equal(one?.object);
	});
	it('lineOf › the line of a field, or of its nearest parent', () => {
		const metadata = 'metadata:\n  name: a\n  annotations:\n    toolhive-scaling/ignore: x\n';
		const [one] = manifestsIn(`${TYPE}${metadata}data:\n  run.config.json: "{}"\n`, 'yaml', 101);
		for (const [field, line] of [
			['metadata.annotations[toolhive-scaling/ignore]', 106],
			['data[run.config.json]', 108],
			['metadata.labels.app', 103],
		] as const)
			expect(one?.lineOf(field), field).to.equal(line);
	});
	for (const [text, format] of [
		[`${NAMED}big: 12345678901234567890\nsmall: 3\n`, 'yaml'],
		[`${ITEM.slice(0, -1)},"big":12345678901234567890,"small":3}`, 'json'],
	] as const)
		it(`large numbers in ${format} › exact, and rounded as by JSON.parse for the webhooks`, () => {
			const [one] = manifestsIn(text, format);
			expect(one?.exact).to.include({ big: 12345678901234567890n, small: 3 });
			expect(one?.object).to.include({ big: 12345678901234567000, small: 3 });
		});
	it('YAML that begins like JSON › parsed as YAML', () =>
		expect(manifestsIn(ITEM.replace('}}', '},}'), 'json')).to.have.length(1));
	for (const [title, text, count] of [
		['generateName', `${TYPE}metadata: { generateName: a- }\n`, 1],
		['a template in a text of a ConfigMap', `${NAMED}data:\n  x: |\n    {{ .Values }}\n`, 1],
		['a List with items: null', '{"apiVersion":"v1","kind":"List","items":null}', 0],
		['a List in a List', listOf(listOf(ITEM), listOf(ITEM)), 2],
		['a kind of another API that ends in List', 'apiVersion: x/v1\nkind: AllowList\nmetadata: { name: a }\n', 1],
	] as const)
		it(`${title} › ${count} manifests`, () => expect(manifestsIn(text)).to.have.length(count));
});

describe('manifestsOf › a List', () => {
	it('items › each has its own lines', () => {
		const text = `apiVersion: v1\nkind: List\nitems:\n- ${NAMED.replaceAll('\n', '\n  ')}\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: b\n`;
		const items = manifestsIn(text);
		expect(items.map(({ object, line }) => [object['kind'], line])).to.deep.equal([
			['ConfigMap', 4],
			['Secret', 8],
		]);
		expect(items[1]?.lineOf('metadata.name')).to.equal(11);
	});
	it('MCPServerList › items get its kind; one without a name is nameless, one that is not an object skipped', () => {
		const items = '[{"spec":{}},{"metadata":{"name":"a"}},3]';
		const list = `{"apiVersion":"toolhive.stacklok.dev/v1beta1","kind":"MCPServerList","items":${items}}`;
		const found = read(list, 'json').map((one) => {
			if (isSkipped(one)) return one.isNameless ?? false;
			return isProblem(one) || one.object['kind'];
		});
		expect(found).to.deep.equal([true, 'MCPServer', false]);
	});
});

describe('manifestsOf › a document that cannot be parsed', () => {
	for (const [title, text, position, message] of [
		['broken YAML', 'a: 1\n b: 2\n', 'f:11:4: ', 'Nested mappings'],
		['a template around lines', `{{- if .Values.x }}\n${TYPE}{{- end }}\n`, 'f:11:', 'helm template'],
		['a tab and a template', `${TYPE}data:\n\ta: "{{ $labels.pod }}"\n`, 'f:14:1: ', 'indentation; if this is a Helm'],
	] as const) {
		it(`${title} › skipped as broken; if it mentions ToolHive, a problem`, () => {
			expect(onlyOf(text)).to.include(position).and.include('skipped: ').and.include(message);
			expect(read(text)[0]).to.include({ isBroken: true });
			expect(onlyOf(text + MENTION)).to.include(`problem: ${position}`);
		});
	}
});

const KUSTOMIZE = 'kustomize.config.k8s.io/v1beta1';
describe('manifestsOf › a document that is not a manifest', () => {
	for (const [title, text, reason] of [
		['a list', '- a\n', 'a list is not a Kubernetes manifest'],
		['no kind', 'apiVersion: v1\nmetadata: { name: a }\n', 'no apiVersion and kind at the top level'],
		['a kind that is an object', 'apiVersion: { type: string }\nkind: { type: string }\n', 'no apiVersion and kind'],
		['values of a chart with a server', `extraObjects:\n- ${SERVER_ITEM}`, 'no apiVersion and kind at the top level'],
		['a component of kustomize', `apiVersion: ${KUSTOMIZE}\nkind: Component\n`, 'kubectl kustomize'],
	] as const)
		it(`${title} › skipped, even if it mentions ToolHive`, () => {
			for (const given of [text, text + MENTION]) {
				expect(onlyOf(given)).to.include('f:11: skipped: ').and.include(reason);
				expect(read(given)[0]).not.to.have.property('isBroken');
			}
		});
});

describe('manifestsOf › a name that is missing or wrong', () => {
	const PATCH = ' without a name: metadata.name must be a string; if this is a patch for kustomize';
	for (const [title, metadata, expected, isNameless] of [
		['no metadata', '', PATCH, true],
		['a number', 'metadata: { name: 7 }\n', 'put quotes around the name', false],
		['a template', 'metadata: { name: "{{ .Release.Name }}" }\n', 'helm template', false],
	] as const) {
		it(`${title} › ${isNameless ? 'skipped as nameless' : 'a problem'}; not a server › a manifest`, () => {
			const [one] = read(SERVER + metadata);
			expect(one)
				.to.have.property(isNameless ? 'skipped' : 'problem')
				.that.includes(expected);
			expect(one !== undefined && isSkipped(one) && one.isNameless).to.equal(isNameless);
			for (const type of [SERVER.replace('toolhive', 'kagent'), SERVER.replace('Server', 'Group'), TYPE])
				expect(manifestsIn(type + metadata), type).to.have.length(1);
		});
	}
	const owned = `${TYPE}metadata:\n  ownerReferences: [{ apiVersion: toolhive.stacklok.dev/v1beta1, kind: MCPServer, name: a }]\n`;
	it('an object that a server owns › skipped as nameless; of another owner › a manifest', () => {
		expect(read(owned).map((one) => isSkipped(one) && one.isNameless)).to.deep.equal([true]);
		expect(manifestsIn(owned.replace('toolhive', 'kagent'))).to.have.length(1);
	});
});
