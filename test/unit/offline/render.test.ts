import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseAllDocuments } from 'yaml';
import type { Json } from '../../../src/api/types.ts';
import { isProblem, isUnreviewed } from '../../../src/manifests/problem.ts';
import { JSON_START, jsonEnd, jsonOf } from '../../../src/offline/render-json.ts';
import { resultsOf, sarifOf } from '../../../src/offline/render-sarif.ts';
import { paintFor, problemsText, renderText, summaryText } from '../../../src/offline/render-text.ts';
import { yamlOf } from '../../../src/offline/render-yaml.ts';
import { counted, EMPTY, exitCodeOf } from '../../../src/offline/summary.ts';
import { DENIAL_IDS, RULES } from '../../../src/policy/rules.ts';
import { deploymentText, REDIS, reviewAll, reviewed, serverText } from '../../harness/review-command.ts';

const plain = paintFor(false, undefined);
const STORY = [
	serverText('files', '  replicas: 2').replace('streamable-http', 'stdio'),
	serverText('bad', '  sessionStorage: { provider: redis }'),
	serverText('search', `  replicas: 3\n${REDIS}`),
	deploymentText('search'),
	'---\napiVersion: v1\nkind: Secret\nmetadata: { name: a }\n',
].join('');

describe('review as text', () => {
	it('tells each object, and only counts what is nobody’s', async () => {
		const texts = await Promise.all((await reviewed(STORY)).map((one) => renderText(one, plain)));
		expect(texts.map((text) => text.split('\n')[0])).to.deep.equal([
			'! unchanged MCPServer demo/files  in.yaml:2',
			'✗ denied    MCPServer demo/bad  in.yaml:12',
			'✓ unchanged MCPServer demo/search  in.yaml:22',
			'~ mutated   Deployment demo/search  in.yaml:36',
			'',
		]);
	});
	it('a server of another API group › only counted', async () => {
		for (const group of ['kagent.dev', 'mcp.dapr.io', 'toolhive.stacklok.dev.example.com']) {
			const text = serverText('files', '  replicas: -2\n  sessionStorage: {}').replace('toolhive.stacklok.dev', group);
			const [one, ...others] = await reviewed(text.replace('streamable-http', 'stdio'));
			expect([one?.verdict, one?.warnings, one?.conditions, one?.previews, others]).to.deep.equal([
				'unchanged',
				[],
				[],
				[],
				[],
			]);
			expect(one === undefined ? 'none' : renderText(one, plain)).to.equal('');
		}
	});
	it('says of a denial where it stands and what to do', async () => {
		const [, denied] = await reviewed(STORY);
		expect(denied === undefined ? '' : await renderText(denied, plain)).to.include(
			[
				'    denied: spec.sessionStorage: address is required when provider is redis',
				'        in.yaml:20  redis-address-missing',
				'        → set sessionStorage.address to host:port of the Redis server',
			].join('\n'),
		);
	});
	it('is coloured on a terminal, and not where NO_COLOR is set', async () => {
		const [one] = await reviewed(STORY);
		const text = async (isTerminal: boolean, noColor?: string) =>
			one === undefined ? '' : renderText(one, paintFor(isTerminal, noColor));
		expect(await text(true)).to.include('\u001b[33m!');
		for (const uncoloured of [await text(true, '1'), await text(false)]) expect(uncoloured).not.to.include('\u001b');
	});
	it('nothing that stands in a file can steer the terminal', async () => {
		const evil = serverText('s', '').replace('namespace: demo', 'namespace: "\\e[31m\\e]0;x\\a\\r\\n\\x9b"');
		const [one] = await reviewed(evil);
		const text = one === undefined ? '' : await renderText(one, plain);
		expect(text.split('\n')[0]).to.match(/^[\u0020-\u007e\u2713]*$/u);
	});
	it('quiet, tells only what is denied or warned of', async () => {
		const texts = (await reviewed(STORY)).map((one) => renderText(one, plain, true));
		expect(texts.map((text) => text.split('\n')[0]).filter(Boolean)).to.deep.equal([
			'! unchanged MCPServer demo/files  in.yaml:2',
			'✗ denied    MCPServer demo/bad  in.yaml:12',
		]);
		expect(texts.join('')).not.to.include('will get').and.not.to.include('status:');
	});
	it('tells once more at the end what could not be read', () => {
		expect(problemsText([{ file: 'a', line: 3, column: 4, problem: 'odd' }], plain)).to.equal(
			'✗ unread    a:3:4: odd\n',
		);
	});
	it('a denial is red in the count, too', () => {
		const red = summaryText({ ...EMPTY, objects: 1, denied: 1 }, false, paintFor(true, undefined));
		expect(red).to.include('\u001b[31m1 denied');
	});
	it('ends with a count, in words that fit one and many', () => {
		const summary = { objects: 1, mutated: 0, denied: 0, warnings: 0, unreadable: 0, skipped: 0 };
		expect(summaryText(summary, false, plain)).to.equal('1 object reviewed: none denied, 0 mutated, no warnings\n');
		expect(
			summaryText({ objects: 3, mutated: 1, denied: 2, warnings: 1, unreadable: 4, skipped: 5 }, true, plain),
		).to.equal('3 objects reviewed: 2 denied, 1 mutated, 1 warning (counted as denials), 4 unread, 5 skipped\n');
	});
});

describe('review as JSON', () => {
	const jsonFor = async (text: string): Promise<Json> => {
		const all = await reviewed(text);
		const entries = all.map((one, index) => jsonOf(one, index === 0)).join('');
		return JSON.parse(JSON_START + entries + jsonEnd(all.reduce(counted, EMPTY), []));
	};
	it('has the fields of the contract, in their order, and no others', async () => {
		const { objects, summary } = (await jsonFor(STORY)) as { objects: Json[]; summary: Json };
		const usual = ['file', 'line', 'apiVersion', 'kind', 'namespace', 'name', 'verdict'];
		expect(Object.keys(objects[0] ?? {})).to.deep.equal([...usual, 'patch', 'warnings', 'conditions', 'after']);
		expect(Object.keys(objects[1] ?? {})).to.deep.equal([
			...usual,
			...['message', 'denials', 'patch', 'warnings', 'conditions'],
		]);
		expect(objects[0]).to.have.nested.property('warnings[0]').with.all.keys('id', 'field', 'message', 'line');
		expect(summary).to.deep.equal({ objects: 5, mutated: 1, denied: 1, warnings: 3 });
	});
	it('is whole where there is nothing', async () => {
		expect(JSON.parse(JSON_START + jsonEnd(EMPTY, []))).to.deep.equal({
			objects: [],
			summary: { objects: 0, mutated: 0, denied: 0, warnings: 0 },
		});
	});
	it('tells what could not be read, where there is something', () => {
		const problems = [{ file: 'a', line: 3, problem: 'odd' }];
		expect(JSON.parse(JSON_START + jsonEnd(EMPTY, problems)).problems).to.deep.equal(problems);
	});
	it('keeps every digit', async () => {
		const [one] = await reviewed(serverText('s', '  big: 12345678901234567890'));
		expect(one === undefined ? '' : jsonOf(one, true)).to.include('"big": 12345678901234567890');
	});
});

describe('review as YAML', () => {
	it('is what would be stored, and of a denial only a comment', async () => {
		const text = (await reviewed(STORY)).map(yamlOf).join('');
		expect(text).to.include(
			'# denied: MCPServer demo/bad (in.yaml:12): spec.sessionStorage: address is required when provider is redis\n',
		);
		const stored = parseAllDocuments(text).flatMap((document): Json[] => document.toJS() ?? []);
		expect(stored.map((one) => [one['kind'], (one['spec'] as Json | undefined)?.['replicas']])).to.deep.equal([
			['MCPServer', 2],
			['MCPServer', 3],
			['Deployment', 3],
			['Secret', undefined],
		]);
	});
	it('what cannot be applied is a comment: what is deleted, and parts such as a Scale', async () => {
		const reviewOf = (request: string) =>
			`apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n${request}`;
		const object = '{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, namespace: demo } }';
		const [deleted] = await reviewed(reviewOf(`  operation: DELETE\n  oldObject: ${object}\n`));
		expect(deleted === undefined ? '' : yamlOf(deleted)).to.equal('---\n# DELETE of ConfigMap demo/a (in.yaml:1)\n');
		expect(deleted).not.to.have.property('after');
		const scale = object.replace('ConfigMap', 'Scale');
		const [part] = await reviewed(reviewOf(`  subResource: scale\n  object: ${scale}\n`));
		expect(part === undefined ? '' : yamlOf(part)).to.equal('---\n# part of Scale demo/a (in.yaml:1)\n');
	});
	it('a name with a line break does not end the comment', async () => {
		const [one] = await reviewed(serverText('s', '  replicas: -1').replace('name: s', 'name: "a\\nkind: Secret"'));
		expect(one === undefined ? '' : yamlOf(one)).to.match(/^---\n# denied: .*\n$/);
	});
});

describe('review as SARIF', () => {
	const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/sarif-schema-2.1.0.json'), 'utf8'));
	const { $schema: _, id: __, ...rules } = schema;
	const isValid = new Ajv({ strict: false, validateFormats: false }).compile(rules);
	const logFor = async (files: Readonly<Record<string, string>>, isStrict = false): Promise<Json> => {
		const all = await reviewAll(files);
		const log = sarifOf(
			all.flatMap((one) => (isUnreviewed(one) ? [] : resultsOf(one, isStrict, '/repo'))),
			all.filter(isProblem),
			'0.1.0',
			'/repo',
		);
		return { ...log };
	};
	const resultsIn = (log: Json): Json[] => ((log['runs'] as Json[])[0]?.['results'] ?? []) as Json[];

	it('is valid by the schema of OASIS', async () => {
		for (const files of [{}, { 'a.yaml': STORY }, { 'a b/ü.yaml': STORY, 'broken.yaml': 'a: 1\n b: 2\n' }]) {
			const log = await logFor(files);
			expect(isValid(log), JSON.stringify(isValid.errors)).to.equal(true);
		}
		expect(isValid({ version: '2.1.0' })).to.equal(false);
	});
	it('has a result for each denial and warning, at its line', async () => {
		const results = resultsIn(await logFor({ 'x/a.yaml': STORY }));
		expect(results.map(({ ruleId, level }) => [ruleId, level])).to.deep.equal([
			['stdio-replicas-capped', 'warning'],
			['session-storage-missing', 'warning'],
			['redis-address-missing', 'error'],
			['redis-without-password', 'warning'],
		]);
		expect(results[0]).to.have.nested.property('locations[0].physicalLocation.artifactLocation.uri', 'x/a.yaml');
		expect(results[0]).to.have.nested.property('locations[0].physicalLocation.region.startLine', 10);
		expect(results[0]?.['message']).to.have.property('text').that.includes('MCPServer demo/files: spec.replicas:');
	});
	it('warnings that count as denials are errors', async () => {
		const levels = resultsIn(await logFor({ a: STORY }, true)).map(({ level }) => level);
		expect(new Set(levels)).to.deep.equal(new Set(['error']));
	});
	const URIS: readonly (readonly [file: string, uri: string])[] = [
		['a b/ü#?.yaml', 'a%20b/%C3%BC%23%3F.yaml'],
		['./a.yaml', 'a.yaml'],
		['/abs/a.yaml', 'file:///abs/a.yaml'],
		['../a.yaml', '../a.yaml'],
		['/repo/x/a.yaml', 'x/a.yaml'],
		['<stdin>', '%3Cstdin%3E'],
	];
	for (const [file, uri] of URIS) {
		it(`${file} is ${uri}`, async () => {
			const [result] = resultsIn(await logFor({ [file]: STORY }));
			expect(result).to.have.nested.property('locations[0].physicalLocation.artifactLocation.uri', uri);
		});
	}
	it('each result names a rule of the tool, with help', async () => {
		const log = await logFor({ a: STORY });
		const tool = (log['runs'] as Json[])[0]?.['tool'] as { driver: { rules: Json[] } };
		expect(tool.driver.rules.map(({ id }) => id)).to.have.members(RULES.map(({ id }) => id));
		for (const { ruleId, ruleIndex } of resultsIn(log)) {
			expect(tool.driver.rules[Number(ruleIndex)]?.['id']).to.equal(ruleId);
		}
	});
	it('what could not be read is a notification, and the run was no success', async () => {
		const log = await logFor({ a: 'a: 1\n b: 2 # toolhive.stacklok.dev\n' });
		expect(log).to.have.nested.property('runs[0].invocations[0].executionSuccessful', false);
		expect(log).to.have.nested.property(
			'runs[0].invocations[0].toolExecutionNotifications[0].locations[0].physicalLocation.region.startColumn',
			4,
		);
	});
});

describe('the exit code of review', () => {
	const TABLE = [
		{ it: 'nothing', summary: {}, isStrict: false, code: 0 },
		{ it: 'changes', summary: { mutated: 3 }, isStrict: true, code: 0 },
		{ it: 'a warning', summary: { warnings: 1 }, isStrict: false, code: 0 },
		{ it: 'a warning that counts', summary: { warnings: 1 }, isStrict: true, code: 1 },
		{ it: 'a denial', summary: { denied: 1 }, isStrict: false, code: 1 },
		{
			it: 'something unreadable, whatever else there is',
			summary: { denied: 1, unreadable: 1 },
			isStrict: true,
			code: 2,
		},
	];
	for (const { it: title, summary, isStrict, code } of TABLE) {
		it(`${title}: ${code}`, () => {
			expect(exitCodeOf({ ...EMPTY, ...summary }, isStrict)).to.equal(code);
		});
	}
});

describe('the table of rules', () => {
	it('there is one for every way to be denied', async () => {
		const given = await reviewed(
			serverText('a', '  replicas: -1\n  sessionStorage: { provider: redis }') +
				serverText('b', '  sessionStorage: { provider: redis, address: "" }') +
				serverText('c', '  sessionStorage: { provider: redis, address: "c", keyPrefix: "c" }'),
		);
		expect(new Set(given.flatMap(({ denials }) => denials.map(({ id }) => id)))).to.deep.equal(new Set(DENIAL_IDS));
	});
	it('is whole sentences and fixes in a line', () => {
		for (const { id, when, why, fix } of RULES) {
			expect(why, id).to.match(/^[A-Z].*\.$/);
			for (const part of [when, fix]) expect(part, id).to.match(/^[a-z`3][^\n]*[^.]$/);
		}
	});
});
