/** action.yml: what it runs is run here, with a program in the place where it would build it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import type { Json } from '../../../src/api/types.ts';
import { MAIN } from '../../harness/main-file.ts';
import { serverText } from '../../harness/review-command.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => parse(readFileSync(join(ROOT, file), 'utf8'));

describe('action.yml', function () {
	this.timeout(30_000);
	const action = read('action.yml') as { inputs: Record<string, { default?: string }>; runs: { steps: Json[] } };
	const step = action.runs.steps.at(-1) as { run: string; env: Record<string, string> };
	let folder: string;
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'thv-scaling-action-'));
		mkdirSync(join(folder, 'action/dist'), { recursive: true });
		const main = JSON.stringify(MAIN);
		writeFileSync(join(folder, 'action/dist/main.js'), `import(${main});\n`);
		mkdirSync(join(folder, 'two words'));
		writeFileSync(join(folder, 'two words/warned.yaml'), serverText('warned', '  replicas: 2'));
		writeFileSync(join(folder, 'denied.yaml'), serverText('denied', '  replicas: -1'));
	});
	after(() => rmSync(folder, { recursive: true }));

	/** The last step as GitHub runs it, with `given` laid over the defaults of the inputs. */
	function run(given: Readonly<Record<string, string>>): { status: number | null; stdout: string; stderr: string } {
		const inputs = Object.entries(step.env).map(([variable, expression]) => {
			const [, name = ''] = /inputs\.([a-z-]+)/.exec(expression) ?? [];
			return [variable, given[name] ?? action.inputs[name]?.default ?? ''];
		});
		return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
			cwd: folder,
			encoding: 'utf8',
			env: {
				...Object.fromEntries(inputs),
				PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
				GITHUB_ACTION_PATH: join(folder, 'action'),
			},
		});
	}

	it('passes what is only warned of, and tells it', () => {
		const { status, stdout } = run({ paths: '\ntwo words\n' });
		expect(status).to.equal(0);
		expect(stdout).to.include('two words/warned.yaml:2').and.include('1 warning');
	});
	it('fails where something is denied, and has written SARIF before', () => {
		const { status, stdout } = run({ paths: 'denied.yaml\ntwo words', sarif: 'out.sarif' });
		expect(status).to.equal(1);
		// To have written it is not the end: what is denied must be told, too.
		expect(stdout).to.include('denied.yaml:2').and.include('1 denied');
		const log = JSON.parse(readFileSync(join(folder, 'out.sarif'), 'utf8'));
		expect(log.runs[0].results).to.have.length(2);
	});
	it('leaves no empty SARIF behind wrong usage, and says what is wrong', () => {
		const { status, stderr } = run({ paths: 'denied.yaml', sarif: 'none.sarif', 'server-version': 'newest' });
		expect(status).to.equal(2);
		expect(stderr).to.include('newest');
		expect(existsSync(join(folder, 'none.sarif'))).to.equal(false);
	});
	it('takes a file whose name begins with a dash for a file', () => {
		writeFileSync(join(folder, '-x.yaml'), serverText('dashed', '  replicas: -1'));
		const { status, stdout } = run({ paths: '-x.yaml' });
		expect(status).to.equal(1);
		expect(stdout).to.include('-x.yaml:2');
	});
	it('fails on a warning where it is strict', () => {
		expect(run({ paths: 'two words', strict: 'true' }).status).to.equal(1);
	});
	it('hands on namespace and version', () => {
		writeFileSync(
			join(folder, 'nameless.yaml'),
			serverText('s', '  backendReplicas: 1').replace('  namespace: demo\n', ''),
		);
		const { stdout } = run({ paths: 'nameless.yaml', namespace: 'team', 'server-version': 'v0.12.4' });
		expect(stdout).to.include('MCPServer team/s').and.include('image-too-old');
	});
	it('takes its inputs from variables, so that nobody’s path becomes a command', () => {
		expect(step.run).not.to.include('${{');
		expect(Object.keys(action.inputs)).to.have.length(Object.keys(step.env).length);
	});
});
