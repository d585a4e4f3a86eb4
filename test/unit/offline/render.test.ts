import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Log } from 'sarif';
import { parseAllDocuments } from 'yaml';
import type { Json } from '../../../src/api/types.ts';
import { isProblem, isUnreviewed } from '../../../src/manifests/problem.ts';
import { JSON_START, jsonEnd, jsonOf } from '../../../src/offline/render-json.ts';
import { resultsOf, sarifOf } from '../../../src/offline/render-sarif.ts';
import { paintFor, problemsText, renderText, summaryText } from '../../../src/offline/render-text.ts';
import { yamlOf } from '../../../src/offline/render-yaml.ts';
import type { Reviewed } from '../../../src/offline/review.ts';
import { counted, EMPTY } from '../../../src/offline/summary.ts';
import { RULES } from '../../../src/policy/rules.ts';
import { deploymentText, REDIS, reviewAll, reviewed, serverText } from '../../harness/review-command.ts';

const plain = paintFor(false, undefined);
const MANIFESTS = [
	serverText('files', '  replicas: 2').replace('streamable-http', 'stdio'),
	serverText('bad', '  sessionStorage: { provider: redis }'),
	serverText('search', `  replicas: 3\n${REDIS}`),
	deploymentText('search'),
	'---\napiVersion: v1\nkind: Secret\nmetadata: { name: a }\n',
].join('');
const firstOf = async (text: string): Promise<Reviewed> => {
	const [one] = await reviewed(text);
	if (one === undefined) throw new Error('nothing was reviewed');
	return one;
};

// The golden cases compare the text output of `review`.
describe('review › text', () => {
	const titles = async (isQuiet: boolean) =>
		(await reviewed(MANIFESTS)).map((one) => renderText(one, plain, isQuiet).split('\n')[0]);
	const FILES = '! unchanged MCPServer demo/files  in.yaml:2';
	const BAD = '✗ denied    MCPServer demo/bad  in.yaml:12';
	const SEARCH = ['✓ unchanged MCPServer demo/search  in.yaml:22', '~ mutated   Deployment demo/search  in.yaml:36'];
	it('each object › a paragraph, except an unchanged object that is not a server', async () =>
		expect(await titles(false)).to.deep.equal([FILES, BAD, ...SEARCH, '']));
	it('--quiet › only denials and warnings', async () => {
		expect(await titles(true)).to.deep.equal([FILES, BAD, '', '', '']);
		const text = (await reviewed(MANIFESTS)).map((one) => renderText(one, plain, true)).join('');
		expect(text).not.to.include('will get').and.not.to.include('status:');
	});
	it('a terminal › colours, unless NO_COLOR is set', async () => {
		const one = await firstOf(MANIFESTS);
		expect(renderText(one, paintFor(true, undefined))).to.include('\u001b[33m!');
		for (const paint of [paintFor(true, '1'), plain]) expect(renderText(one, paint)).not.to.include('\u001b');
	});
	it('control characters in a manifest › not printed', async () => {
		const namespace = 'namespace: "\\e[31m\\e]0;x\\a\\r\\n\\x9b"';
		const one = await firstOf(serverText('s', '').replace('namespace: demo', namespace));
		expect(renderText(one, plain).split('\n')[0]).to.match(/^[\u0020-\u007e\u2713]*$/u);
	});
	it('problems and summary › one line for each problem, every count, and --strict', () => {
		const problem = { file: 'a', line: 3, column: 4, problem: 'odd' };
		expect(problemsText([problem], plain)).to.equal('✗ unread    a:3:4: odd\n');
		const all = { ...EMPTY, objects: 3, mutated: 1, denied: 2, warnings: 1, unreadable: 4, skipped: 5 };
		expect(summaryText(all, true, plain)).to.equal(
			'3 objects reviewed: 2 denied, 1 mutated, 1 warning (counted as denials), 4 unread, 5 skipped\n',
		);
	});
});

describe('review › JSON', () => {
	it('an object › the documented fields, in their order', async () => {
		const all = await reviewed(MANIFESTS);
		const text = JSON_START + all.map((one, index) => jsonOf(one, index === 0)).join('');
		const { objects, summary } = JSON.parse(text + jsonEnd(all.reduce(counted, EMPTY), []));
		const usual = ['file', 'line', 'apiVersion', 'kind', 'namespace', 'name', 'verdict'];
		const rest = ['patch', 'warnings', 'conditions'];
		expect(Object.keys(objects[0])).to.deep.equal([...usual, ...rest, 'after']);
		expect(Object.keys(objects[1])).to.deep.equal([...usual, 'message', 'denials', ...rest]);
		expect(objects[0]).to.have.nested.property('warnings[0]').with.all.keys('id', 'field', 'message', 'line');
		expect(summary).to.deep.equal({ objects: 5, mutated: 1, denied: 1, warnings: 3 });
	});
	it('a large number › every digit', async () =>
		expect(jsonOf(await firstOf(serverText('s', '  big: 12345678901234567890')), true)).to.include(
			'"big": 12345678901234567890',
		));
});

describe('review › YAML', () => {
	it('objects › as they would be stored; a denied object is a comment', async () => {
		const text = (await reviewed(MANIFESTS)).map(yamlOf).join('');
		const reason = 'spec.sessionStorage: address is required when provider is redis';
		expect(text).to.include(`# denied: MCPServer demo/bad (in.yaml:12): ${reason}\n`);
		const stored = parseAllDocuments(text).flatMap((document): Json[] => document.toJS() ?? []);
		expect(stored.map(({ kind }) => kind)).to.deep.equal(['MCPServer', 'MCPServer', 'Deployment', 'Secret']);
		expect(stored[2]).to.have.nested.property('spec.replicas', 3);
	});
	for (const [request, kind, comment] of [
		['operation: DELETE, oldObject', 'ConfigMap', 'DELETE of ConfigMap demo/a'],
		['subResource: scale, object', 'Scale', 'part of Scale demo/a'],
	] as const)
		it(`an AdmissionReview that cannot be applied › # ${comment}`, async () => {
			const object = `{ apiVersion: v1, kind: ${kind}, metadata: { name: a, namespace: demo } }`;
			const head = 'apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n';
			expect(yamlOf(await firstOf(`${head}request: { ${request}: ${object} }\n`))).to.equal(
				`---\n# ${comment} (in.yaml:1)\n`,
			);
		});
	it('a name with a line break › does not end the comment', async () => {
		const one = await firstOf(serverText('s', '  replicas: -1').replace('name: s', 'name: "a\\nkind: Secret"'));
		expect(yamlOf(one)).to.match(/^---\n# denied: .*\n$/);
	});
});

describe('review › SARIF', () => {
	const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/sarif-schema-2.1.0.json'), 'utf8'));
	const { $schema: _, id: __, ...rules } = schema;
	const isValid = new Ajv({ strict: false, validateFormats: false }).compile(rules);
	const logFor = async (files: Readonly<Record<string, string>>, isStrict = false): Promise<Log> => {
		const all = await reviewAll(files);
		const results = all.flatMap((one) => (isUnreviewed(one) ? [] : resultsOf(one, isStrict, '/repo')));
		return sarifOf(results, all.filter(isProblem), '0.1.0', '/repo');
	};
	const resultsFor = async (file: string, isStrict?: boolean) =>
		(await logFor({ [file]: MANIFESTS }, isStrict)).runs[0]?.results ?? [];

	it('any log › valid according to the OASIS schema', async () => {
		const broken = { 'a b/ü.yaml': MANIFESTS, 'broken.yaml': 'a: 1\n b: 2 # toolhive.stacklok.dev\n' };
		for (const files of [{}, { 'a.yaml': MANIFESTS }, broken])
			expect(isValid(await logFor(files)), JSON.stringify(isValid.errors)).to.equal(true);
		expect(isValid({ version: '2.1.0' })).to.equal(false);
	});
	it('each denial and warning › a result at its line, with a rule that the log defines', async () => {
		const results = await resultsFor('x/a.yaml');
		expect(results.map(({ ruleId, level }) => `${ruleId} ${level}`)).to.deep.equal([
			'stdio-replicas-capped warning',
			'session-storage-missing warning',
			'redis-address-missing error',
			'redis-without-password warning',
		]);
		expect(results[0]).to.have.nested.property('locations[0].physicalLocation.region.startLine', 10);
		expect(results[0]?.message.text).to.include('MCPServer demo/files: spec.replicas:');
		const driver = (await logFor({})).runs[0]?.tool.driver.rules ?? [];
		expect(driver.map(({ id }) => id)).to.have.members(RULES.map(({ id }) => id));
		for (const { ruleId, ruleIndex = -1 } of results) expect(driver[ruleIndex]?.id).to.equal(ruleId);
	});
	it('--strict › warnings are errors', async () =>
		expect((await resultsFor('a', true)).map(({ level }) => level)).to.deep.equal(Array(4).fill('error')));
	for (const [file, uri] of [
		['a b/ü#?.yaml', 'a%20b/%C3%BC%23%3F.yaml'],
		['/abs/a.yaml', 'file:///abs/a.yaml'],
		['../a.yaml', '../a.yaml'],
		['/repo/x/a.yaml', 'x/a.yaml'],
		['<stdin>', '%3Cstdin%3E'],
	] as const)
		it(`${file} › uri ${uri}`, async () =>
			expect((await resultsFor(file))[0]).to.have.nested.property(
				'locations[0].physicalLocation.artifactLocation.uri',
				uri,
			));
	it('a problem › a notification, and the run was not successful', async () => {
		const log = await logFor({ a: 'a: 1\n b: 2 # toolhive.stacklok.dev\n' });
		expect(log).to.have.nested.property('runs[0].invocations[0].executionSuccessful', false);
		const place = 'runs[0].invocations[0].toolExecutionNotifications[0].locations[0].physicalLocation';
		expect(log).to.have.nested.property(`${place}.region.startColumn`, 4);
	});
});
