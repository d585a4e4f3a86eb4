/**
 * Tests the links and commands in the documents, the messages that they quote, and the tests that the threat model
 * names.
 */
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
/**
 * Returns the parts of messages between variables. Variables are three dots, the Node version, and the largest port.
 */
const textsOf = (quoted: readonly string[]): string[] =>
	quoted
		.flatMap((message) => message.split(/…|"…"|22\.19|65535/))
		.map((part) => part.replaceAll('"', '').trim())
		.filter((part) => part !== '');
/** Returns the sources of the program and the warnings in the golden cases, without quotation marks. */
const messages = (): string =>
	[...filesIn('src', '.ts'), ...filesIn('test/cases', '/out.yaml')].map(read).join('\n').replaceAll('"', '');
const filesIn = (folder: string, end: string): string[] =>
	readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
		.map((file) => `${folder}/${file}`)
		.filter((file) => file.endsWith(end));

const FREE_FLAGS = ['help', 'version'];
const flagsOf = (command: string): string[] => [...FREE_FLAGS, ...Object.keys(FLAGS[command] ?? {})];
const ALL_FLAGS = Object.keys(FLAGS).flatMap(flagsOf);
/**
 * Flags of kubectl, helm, npx and certs/make.ts that a sentence names without the command, and a placeholder for any
 * flag.
 */
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
				const short = [...given.matchAll(/(?:^|\s)-([a-z])\b/g)].map(([, letter]) => letter);
				expect(
					Object.values(FLAGS[command] ?? {}).map((flag) => flag.short),
					call,
				).to.include.members(short);
			}
			const alone = found(/^--([a-z][a-z-]*)(?:[= ][^`]*)?$/g).map(([, flag = '']) => flag);
			expect([...ALL_FLAGS, ...OTHER_FLAGS]).to.include.members(alone);
			const variables = found(/THV_SCALING_[A-Z_]*[A-Z]/g).map(([name]) => name);
			expect(ALL_FLAGS.map(environmentName)).to.include.members(variables);
			expect(TARGETS).to.include.members(found(MAKE_CALL).map(([, target]) => target));
		});
	}

	for (const folder of ['docs', 'docs/adr']) {
		it(`${folder}/README.md › links to every page of the folder`, () => {
			const index = `${folder}/README.md`;
			const pages = DOCUMENTS.filter((file) => dirname(file) === folder && file !== index);
			if (folder === 'docs') pages.push('docs/adr/README.md');
			expect(linksIn(read(index)).map((link) => `${folder}/${link}`)).to.include.members(pages);
		});
	}
	it('--help › lists every command, in the order of docs/flags.md', () => {
		const { stdout } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
		const commands = [...stdout.matchAll(/^ {2}(\w+) \[/gm)].map(([, command]) => command);
		expect([...Object.keys(FLAGS), 'help']).to.deep.equal(commands);
	});
	it('docs/review.md › the workflow uses inputs that the action has, and all that it requires', () => {
		const { inputs } = parse(read('action.yml')) as { inputs: Record<string, { required?: boolean }> };
		const [, workflow = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(read('docs/review.md')) ?? [];
		const { jobs } = parse(workflow) as { jobs: { review: { steps: { uses: string; with?: object }[] } } };
		const step = jobs.review.steps.find(({ uses }) => uses.startsWith('toolhive-scaling/'));
		const given = Object.keys(step?.with ?? {});
		expect(Object.keys(inputs)).to.include.members(given);
		expect(given).to.include.members(Object.keys(inputs).filter((name) => inputs[name]?.required));
	});
	it('docs/review.md › quotes messages from the program', () => {
		const cells = rowsOf(between(read('docs/review.md'), '## What cannot be read', '## ')).map(([cell = '']) => cell);
		const texts = textsOf(cells.flatMap(codesOf));
		expect(texts).to.have.length.above(10);
		expect(texts.filter((text) => !messages().includes(text))).to.deep.equal([]);
	});
	it('docs/troubleshooting.md › quotes only messages from the program and those listed in this file', () => {
		const quoted = codesOf(documents.withoutCode(read('docs/troubleshooting.md'))).filter((code) => code.includes(' '));
		const texts = textsOf(
			quoted.filter((code) => !/^(kubectl|helm|make|npm|npx|thv-scaling|serve|--server-side) /.test(code)),
		);
		expect(texts).to.have.length.above(40);
		expect(texts.filter((text) => !messages().includes(text) && !OTHER_MESSAGES.includes(text))).to.deep.equal([]);
		expect(OTHER_MESSAGES.filter((text) => !texts.includes(text))).to.deep.equal([]);
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

const escaped = (text: string): string => text.replaceAll(/[.*+?^()|[\]\\{}$]/g, '\\$&');

/** Returns the titles of tests. A variable in a title matches any text. */
function titlesIn(text: string): RegExp[] {
	return [...text.matchAll(/\bit\(\s*(['`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , title = '']) => {
		return new RegExp(
			`^${title
				.split(/\$\{[^}]*\}/)
				.map(escaped)
				.join('.+')}$`,
		);
	});
}

describe('threat model in docs/security.md', () => {
	const lines = rowsOf(between(read('docs/security.md'), '## What an attacker can gain', '## '));

	it('rows › more than 20', () => expect(lines).to.have.length.above(20));
	for (const [attempt = '', , test = ''] of lines) {
		it(`${attempt} › its test exists`, () => {
			const [file = ''] = codesOf(test);
			const title = test.slice(test.indexOf(': ') + 2);
			expect(
				titlesIn(read(file)).filter((one) => one.test(title)),
				test,
			).not.to.have.length(0);
		});
	}
});
