/** Runs the last step of action.yml, with the program at the path where the action builds it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { read } from '../../harness/documents.ts';
import { MAIN } from '../../harness/main-file.ts';
import { serverText } from '../../harness/review-command.ts';

describe('action.yml', function () {
	this.timeout(30_000);
	const { inputs, runs } = parse(read('action.yml')) as {
		readonly inputs: Readonly<Record<string, { default?: string }>>;
		readonly runs: { steps: { run: string; env: Record<string, string> }[] };
	};
	const step = runs.steps.at(-1) ?? expect.fail('no steps');
	const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-action-'));
	const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
	before(() => {
		for (const name of ['action/dist', 'two words']) mkdirSync(join(folder, name), { recursive: true });
		write('action/dist/main.js', `import(${JSON.stringify(MAIN)});\n`);
		write('two words/warned.yaml', serverText('warned', '  replicas: 2'));
		write('denied.yaml', serverText('denied', '  replicas: -1'));
		write('-x.yaml', serverText('dashed', '  replicas: -1'));
		write('nameless.yaml', serverText('s', '  backendReplicas: 1').replace('  namespace: demo\n', ''));
	});
	after(() => rmSync(folder, { recursive: true }));

	/** Runs the step as GitHub does, with these inputs and with the defaults for all other inputs. */
	function run(given: Readonly<Record<string, string>>) {
		const env = Object.entries(step.env).map(([variable, expression]) => {
			const [, name = ''] = /inputs\.([a-z-]+)/.exec(expression) ?? [];
			return [variable, given[name] ?? inputs[name]?.default ?? ''];
		});
		const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
		return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
			...({ cwd: folder, encoding: 'utf8' } as const),
			env: { ...Object.fromEntries(env), PATH, GITHUB_ACTION_PATH: join(folder, 'action') },
		});
	}

	for (const [title, given, code, ...texts] of [
		['a warning', { paths: '\ntwo words\n' }, 0, 'two words/warned.yaml:2', '1 warning'],
		['a warning, strict', { paths: 'two words', strict: 'true' }, 1],
		['a denial, with SARIF', { paths: 'denied.yaml\ntwo words', sarif: 'out.sarif' }, 1, 'denied.yaml:2', '1 denied'],
		['a file name that begins with a dash', { paths: '-x.yaml' }, 1, '-x.yaml:2'],
		['namespace', { paths: 'nameless.yaml', namespace: 'team', 'server-version': 'v0.12.4' }, 0, 'team/s', 'too-old'],
		['an invalid version', { paths: 'denied.yaml', sarif: 'none.sarif', 'server-version': 'newest' }, 2, 'newest'],
	] as const) {
		it(`${title} › exit code ${code}`, () => {
			const { status, stdout, stderr } = run(given);
			expect(status).to.equal(code);
			for (const text of texts) expect(stdout + stderr).to.include(text);
			const sarif = 'sarif' in given ? join(folder, given.sarif) : '';
			expect(existsSync(sarif)).to.equal(sarif.endsWith('out.sarif'));
			if (existsSync(sarif)) expect(JSON.parse(readFileSync(sarif, 'utf8')).runs[0].results).to.have.length(2);
		});
	}
	it('inputs › passed in variables, so that a path cannot become a command', () => {
		expect(step.run).not.to.include('${{');
		expect(Object.keys(inputs)).to.have.length(Object.keys(step.env).length);
	});
});
