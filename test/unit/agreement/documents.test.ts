/** Tests links, commands and messages in the documents, and the tests that the threat model names. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { FLAGS } from '../../../scripts/flags-page.ts';
import { environmentName } from '../../../src/cli/options.ts';
import * as documents from '../../harness/documents.ts';
import { between, codesOf, DOCUMENTS, ROOT, read, rowsOf } from '../../harness/documents.ts';
import { MAIN } from '../../harness/main-file.ts';

/** Returns the targets of `[text](target)` and of `[id]: target`, without code blocks. */
const linksIn = (text: string): string[] => {
	const prose = documents.withoutCode(text).replaceAll(/`[^`\n]*`/g, '');
	return [...prose.matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]: (\S+)/gm)].map(([, inline, below]) => inline ?? below ?? '');
};

function isDead(file: string, link: string): boolean {
	if (/^[a-z]+:/.test(link)) return false;
	const [path = '', anchor] = link.split('#');
	const target = path === '' ? file : normalize(join(dirname(file), path));
	if (target.startsWith('..') || !existsSync(join(ROOT, target))) return true;
	return anchor !== undefined && !documents.anchorsIn(read(target)).has(anchor);
}

/** Messages from Kubernetes, OpenShift and kubectl, and fields of manifests, which docs/troubleshooting.md quotes. */
const OTHER_MESSAGES = [
	...['x509:', 'context deadline exceeded', 'i/o timeout', 'service toolhive-scaling not found'],
	...['the server is currently unable to handle the request', 'The MCPServer', "didn't have free ports"],
	'is invalid: spec.sessionStorage: Invalid value: address is required when provider is redis',
	'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
	...['unable to validate against any security context constraint', 'runAsUser: Invalid value', 'violates PodSecurity'],
	...['kind: MCPServer', 'apiVersion: toolhive.stacklok.dev/', 'namespace: other'],
];
const filesIn = (folder: string, end: string): string[] =>
	readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
		.map((file) => `${folder}/${file}`)
		.filter((file) => file.endsWith(end));

const flagsOf = (command: string): string[] => ['help', 'version', ...Object.keys(FLAGS[command] ?? {})];
const ALL_FLAGS = Object.keys(FLAGS).flatMap(flagsOf);
/** Flags of other commands that a sentence names without the command, and a placeholder for any flag. */
const OTHER_FLAGS = [
	...['flag', 'no-flag', 'no-install', 'server-side', 'validate', 'force-conflicts', 'set', 'take-ownership'],
	...['base', 'host', 'new-ca', 'days', 'out'],
];
/**
 * Matches `thv-scaling COMMAND …` up to the end of the line, a pipe, or another character that begins a new command.
 */
const CALL = /(?<![\w.-]|(?<!bin)\/)thv-scaling[ \t]+([a-z]+)\b([^\n|>&;]*)/g;
const MAKE_CALL = /(?:^|&& |; )make ([a-z][a-z0-9-]*)/gm;
const TARGETS = [...read('Makefile').matchAll(/^([a-z][a-z0-9-]*):.*## /gm)].map(([, name]) => name);

describe('documents', () => {
	for (const file of DOCUMENTS) {
		it(`${file} › links, commands, flags and variables › exist`, () => {
			expect(linksIn(read(file)).filter((link) => isDead(file, link))).to.deep.equal([]);
			const snippets = documents.snippetsOf(read(file));
			const found = (pattern: RegExp) => snippets.flatMap((one) => [...one.matchAll(pattern)]);
			for (const [call, command = '', rest = ''] of found(CALL)) {
				expect(FLAGS, call).to.have.property(command);
				const given = rest.replace(/\s#.*$/, '').replace(/ -- .*$/, '');
				const long = [...given.matchAll(/(?:^|\s)--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag);
				expect(flagsOf(command), call).to.include.members(long);
				const letters = Object.values(FLAGS[command] ?? {}).map((flag) => flag.short);
				expect(letters, call).to.include.members([...given.matchAll(/(?:^|\s)-([a-z])\b/g)].map(([, one]) => one));
			}
			const alone = found(/^--([a-z][a-z-]*)(?:[= ][^`]*)?$/g).map(([, flag = '']) => flag);
			expect([...ALL_FLAGS, ...OTHER_FLAGS]).to.include.members(alone);
			const variables = found(/THV_SCALING_[A-Z_]*[A-Z]/g).map(([name]) => name);
			expect(ALL_FLAGS.map(environmentName)).to.include.members(variables);
			expect(TARGETS).to.include.members(found(MAKE_CALL).map(([, target]) => target));
		});
	}

	it('docs/README.md › links to every page', () => {
		const pages = DOCUMENTS.filter((file) => /^docs\/[^/]+\.md$/.test(file) && file !== 'docs/README.md');
		expect(linksIn(read('docs/README.md')).map((link) => `docs/${link}`)).to.include.members(pages);
	});
	it('docs/review.md › the workflow uses inputs that the action has', () => {
		const [, workflow = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(read('docs/review.md')) ?? [];
		const step = parse(workflow).jobs.review.steps.find(({ uses }: { uses: string }) => /^toolhive-scaling/.test(uses));
		expect(parse(read('action.yml')).inputs).to.include.keys(Object.keys(step.with));
	});
	it('messages in review.md and troubleshooting.md › of the program, or listed in this file', () => {
		const refused = between(read('docs/review.md'), '## What cannot be read', '## ');
		const quoted = [
			...rowsOf(refused).flatMap(([cell = '']) => codesOf(cell)),
			...codesOf(documents.withoutCode(read('docs/troubleshooting.md'))).filter(
				(code) => / /.test(code) && !/^(kubectl|helm|make|npm|npx|thv-scaling|serve|--server-side) /.test(code),
			),
		];
		// Variables are three dots, the Node version, and the largest port.
		const texts = quoted
			.flatMap((message) => message.split(/…|"…"|22\.19|65535/))
			.map((part) => part.replaceAll('"', '').trim());
		expect(texts).to.have.length.above(50);
		const sources = [...filesIn('src', '.ts'), ...filesIn('test/cases', '/out.yaml')].map(read).join('\n');
		const known = sources.replaceAll('"', '') + OTHER_MESSAGES.join('\n');
		expect(texts.filter((text) => !known.includes(text))).to.deep.equal([]);
	});
	it('docs/first-ten-minutes.md › both reviews › print the report that the page shows', () => {
		const page = read('docs/first-ten-minutes.md');
		const blocksOf = (language: string): string[] =>
			[...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code);
		const [, first = '', fixed = ''] = blocksOf('sh');
		const [report, clean = ''] = blocksOf('text');
		const cwd = mkdtempSync(join(tmpdir(), 'thv-scaling-page-'));
		try {
			cpSync(join(ROOT, 'examples'), join(cwd, 'examples'), { recursive: true });
			const program = `"${process.execPath}" "${MAIN}"`;
			const run = (code: string): string =>
				spawnSync('bash', ['-c', code.replaceAll(/\bthv-scaling\b/g, program)], { cwd, encoding: 'utf8' }).stdout;
			expect(run(first)).to.equal(report);
			expect(run(fixed).endsWith(clean)).to.equal(true);
		} finally {
			rmSync(cwd, { recursive: true });
		}
	});
});

/** Whether the file has a test with this title. A variable in a title matches any text. */
function hasTest(file: string, wanted: string): boolean {
	return [...read(file).matchAll(/\bit\(\s*(['`])((?:\\.|(?!\1)[^\\])*)\1/g)].some(([, , title = '']) => {
		const parts = title.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^()|[\]\\{}$]/g, '\\$&'));
		return new RegExp(`^${parts.join('.+')}$`).test(wanted);
	});
}

it('threat model in docs/security.md › every row › its test exists', () => {
	const rows = rowsOf(between(read('docs/security.md'), '## What an attacker can gain', '## '));
	expect(rows).to.have.length.above(20);
	const lost = rows.filter(([, , test = '']) => !hasTest(codesOf(test)[0] ?? '', test.slice(test.indexOf(': ') + 2)));
	expect(lost).to.deep.equal([]);
});
