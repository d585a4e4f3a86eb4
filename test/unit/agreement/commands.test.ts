/** Everything that the documents tell people to type: commands, flags, variables, inputs of the action. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { parse } from 'yaml';
import { FLAGS } from '../../../scripts/flags-page.ts';
import { environmentName } from '../../../src/cli/options.ts';
import { DOCUMENTS, read, rowsOf, snippetsOf } from '../../harness/documents.ts';
import { MAIN } from '../../harness/main-file.ts';

const FREE_FLAGS = ['help', 'version'];
const ALL_FLAGS = new Set([...FREE_FLAGS, ...Object.values(FLAGS).flatMap((table) => Object.keys(table))]);
/** Of kubectl, helm and npx, named alone in a sentence, and the one that stands for any. */
const FLAGS_OF_OTHERS = new Set([
	...['flag', 'no-flag', 'no-install', 'server-side', 'validate'],
	...['force-conflicts', 'set', 'take-ownership'],
]);

const shortsOf = (command: string): string[] => Object.values(FLAGS[command] ?? {}).flatMap(({ short }) => short ?? []);

/** `thv-scaling COMMAND …` up to the end of the line, a pipe or whatever else begins another command. */
const CALL = /(?<![\w.-]|(?<!bin)\/)thv-scaling[ \t]+([a-z]+)\b([^\n|>&;]*)/g;

describe('what the documents tell to type', () => {
	it('FLAGS has every command of --help, in its order', () => {
		const { stdout } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
		const commands = [...stdout.matchAll(/^ {2}(\w+) \[/gm)].map(([, command]) => command);
		expect([...Object.keys(FLAGS), 'help']).to.deep.equal(commands);
	});

	it('docs/flags.md has every flag of every command with its default', () => {
		const page = read('docs/flags.md');
		const listed = rowsOf(page).flatMap(([flag = '', usual]) => {
			const name = /^`--([a-z-]+)`/.exec(flag)?.[1];
			return name === undefined ? [] : [[name, usual?.replaceAll('`', '')]];
		});
		const flags = Object.values(FLAGS).flatMap((table) =>
			Object.entries(table).map(([flag, { fallback = '' }]) => [flag, fallback]),
		);
		expect(listed).to.deep.equal(flags);
	});

	for (const file of DOCUMENTS) {
		const snippets = snippetsOf(read(file));

		it(`${file}: every thv-scaling command and its flags exist`, () => {
			for (const [call, command = '', rest = ''] of snippets.flatMap((one) => [...one.matchAll(CALL)])) {
				expect(FLAGS, call).to.have.property(command);
				const given = rest.replace(/\s#.*$/, '').replace(/ -- .*$/, '');
				const known = [...FREE_FLAGS, ...Object.keys(FLAGS[command] ?? {})];
				const long = [...given.matchAll(/(?:^|\s)--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag);
				expect(known, call).to.include.members(long);
				const short = [...given.matchAll(/(?:^|\s)-([a-z])\b/g)].map(([, letter = '']) => letter);
				expect(shortsOf(command), call).to.include.members(short);
			}
		});
		it(`${file}: every flag that is named alone exists`, () => {
			const alone = snippets.flatMap((one) => /^--([a-z][a-z-]*)(?:[= ][^`]*)?$/.exec(one)?.[1] ?? []);
			const certs = file.startsWith('certs/') ? ['base', 'host', 'new-ca', 'days', 'out'] : [];
			expect(alone.filter((flag) => ![...ALL_FLAGS, ...FLAGS_OF_OTHERS, ...certs].includes(flag))).to.deep.equal([]);
		});
		it(`${file}: every variable exists`, () => {
			const named = snippets.flatMap((one) => one.match(/THV_SCALING_[A-Z_]*[A-Z]/g) ?? []);
			expect([...ALL_FLAGS].map(environmentName)).to.include.members(named);
		});
		it(`${file}: every make command is in the Makefile, with a help text`, () => {
			const known = [...read('Makefile').matchAll(/^([a-z][a-z0-9-]*):.*## /gm)].map(([, name]) => name);
			const calls = snippets.flatMap((one) => [...one.matchAll(/(?:^|&& |; )make ([a-z][a-z0-9-]*)/gm)]);
			expect(known).to.include.members(calls.map(([, name]) => name));
		});
	}

	it('docs/review.md gives the action only inputs that it has, and what it needs', () => {
		const { inputs } = parse(read('action.yml')) as { inputs: Record<string, { required?: boolean }> };
		const [, workflow = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(read('docs/review.md')) ?? [];
		const { jobs } = parse(workflow) as { jobs: { review: { steps: { uses: string; with?: object }[] } } };
		const step = jobs.review.steps.find(({ uses }) => uses.startsWith('toolhive-scaling/'));
		const given = Object.keys(step?.with ?? {});
		expect(Object.keys(inputs)).to.include.members(given);
		expect(given).to.include.members(Object.keys(inputs).filter((name) => inputs[name]?.required));
	});
});
