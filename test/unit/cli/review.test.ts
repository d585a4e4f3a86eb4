import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { UsageError } from '../../../src/cli/options.ts';
import { run as runProgram } from '../../../src/cli/program.ts';
import { MAIN } from '../../harness/main-file.ts';
import { serverText } from '../../harness/review-command.ts';
import { createTerminal } from '../../harness/terminal.ts';

const GOOD = serverText('good', '  replicas: 1');
const WARNED = serverText('warned', '  replicas: 2');
const DENIED = serverText('denied', '  replicas: -1');

describe('thv-scaling review', function () {
	this.timeout(60_000);
	let folder: string;
	const put = (name: string, text: string): string => {
		writeFileSync(join(folder, name), text);
		return join(folder, name);
	};
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'thv-scaling-review-'));
		put('good.yaml', GOOD);
		put('warned.yaml', WARNED);
		put('denied.yaml', DENIED);
		put('broken.yaml', 'a: 1\n b: 2\n');
		put('empty.yaml', '# nothing yet\n');
	});
	after(() => rmSync(folder, { recursive: true }));

	/** Runs `review` with WARNED as stdin. A file in `folder` can be given by its name alone. */
	async function run(...args: string[]) {
		const terminal = createTerminal(WARNED);
		const paths = args.map((arg) => (existsSync(join(folder, arg)) ? join(folder, arg) : arg));
		const code = await runProgram(['review', ...paths], terminal);
		return { code, stdout: terminal.stdoutText(), stderr: terminal.stderrText() };
	}

	for (const [args, code] of [
		['good.yaml', 0],
		['good.yaml --strict', 0],
		['warned.yaml', 0],
		['warned.yaml --strict', 1],
		['denied.yaml', 1],
		['denied.yaml broken.yaml', 2],
		['missing.yaml', 2],
		['empty.yaml', 2],
		['good.yaml empty.yaml', 0],
		['-', 0],
	] as const)
		it(`${args} › exit code ${code} with every output`, async () => {
			for (const output of ['text', 'json', 'yaml', 'sarif'])
				expect((await run(...args.split(' '), '-o', output)).code, output).to.equal(code);
		});

	it('a problem with -o json › in the report and on stderr', async () => {
		const { stdout, stderr } = await run('broken.yaml', 'denied.yaml', '--output', 'json');
		expect(JSON.parse(stdout).problems).to.have.length(1);
		expect(JSON.parse(stdout).summary).to.deep.equal({ objects: 1, mutated: 0, denied: 1, warnings: 0 });
		expect(stderr).to.match(/^thv-scaling: .*broken\.yaml:1:4: Nested mappings.*\n$/);
	});
	// The input can be empty because the command that writes to the pipe failed.
	it('no manifest › an error that names the input, and the first reason', async () => {
		expect((await run('empty.yaml')).stderr).to.match(/there is no manifest in .*empty\.yaml\n$/);
		const { code, stderr } = await run(put('values.yaml', 'a: 1\n'), '--verbose');
		expect(code).to.equal(2);
		expect(stderr).to.match(/there is no manifest in .*values\.yaml; .*values\.yaml:1: skipped: no apiVersion/);
		rmSync(join(folder, 'values.yaml'));
	});
	const BACKENDS = serverText('s', '  backendReplicas: 1');
	for (const [text, flags, expected] of [
		[BACKENDS, '', undefined],
		[BACKENDS, '--server-version v0.12.5', undefined],
		[GOOD, '--grace-period-seconds 77', 'terminationGracePeriodSeconds: 77'],
	] as const)
		it(`${flags || 'no flags'} › ${expected ?? 'no image-too-old'}`, async () => {
			const { stdout } = await run(put('flags.yaml', text), ...flags.split(' ').filter(Boolean));
			if (expected === undefined) expect(stdout).not.to.include('image-too-old');
			else expect(stdout).to.include(expected);
		});
	it('a note › in the text, and on stderr with other outputs', async () => {
		const file = put('twice.yaml', GOOD + GOOD);
		const { stdout, stderr } = await run(file);
		expect([stdout.includes('is also in'), stderr]).to.deep.equal([true, '']);
		expect((await run(file, '-o', 'json')).stderr).to.include('twice.yaml:2: MCPServer demo/good is also in');
	});
	it('a skipped document › counted, and named with --verbose', async () => {
		const files = ['denied.yaml', put('list.yaml', '---\n- a\n')];
		const quiet = await run(...files);
		expect(quiet.stdout).to.include('1 object reviewed: 1 denied, 0 mutated, no warnings, 1 skipped\n');
		expect(quiet.stderr).to.equal('thv-scaling: 1 skipped; --verbose prints each with the reason\n');
		const { stderr } = await run(...files, '--verbose');
		expect(stderr).to.match(/^thv-scaling: .*list\.yaml:2: skipped: a list is not a Kubernetes manifest\n$/);
	});
	it('a manifest between documents that cannot be parsed › these are skipped', async () => {
		const { code, stdout } = await run(put('mixed.yaml', `a: [\n---\na: {\n${GOOD}---\na: [\n`));
		expect(code).to.equal(0);
		expect(stdout).to.match(/^1 object reviewed: .*, 3 skipped$/m);
	});

	for (const [args, message] of [
		[[], 'name a file, a folder, or - for stdin'],
		[['--stict', 'x'], "unknown option '--stict' (Did you mean --strict?)"],
		[['--pre-stop-seconds', '60', 'x'], '--grace-period-seconds 45 is too short for --pre-stop-seconds 60'],
	] as const)
		it(`${JSON.stringify(args)} › refused`, async () => {
			const error = await runProgram(['review', ...args], createTerminal()).catch((reason: unknown) => reason);
			expect(error).to.be.instanceOf(UsageError).with.property('message').that.includes(message);
		});

	/** Runs `script` with the program as $1 and $2 and with `path` as $3. */
	const shell = (script: string, path: string) =>
		spawnSync('bash', ['-c', script, 'bash', process.execPath, MAIN, path], { encoding: 'utf8' });
	it('a reader that closes the pipe › no error, and the same exit code', () => {
		const script = `set -o pipefail; "$1" "$2" review "$3" | head -n 1; echo "\${PIPESTATUS[0]}"`;
		const { stdout, stderr } = shell(script, put('many.yaml', WARNED.repeat(2000) + DENIED));
		expect(stderr).to.equal('');
		expect(stdout.split('\n').slice(1)).to.deep.equal(['1', '']);
	});
	it('a report in the folder › not read', () => {
		const { stderr } = shell('cd "$3" && "$1" "$2" review --verbose -o yaml . > report.yaml', folder);
		expect(stderr).to.include('report.yaml: skipped: the report is written to this file');
		rmSync(join(folder, 'report.yaml'));
	});
	it('a full disk › exit code 2', function () {
		if (!existsSync('/dev/full')) this.skip();
		const { status, stderr } = shell('"$1" "$2" review "$3" > /dev/full', join(folder, 'good.yaml'));
		expect(status).to.equal(2);
		expect(stderr).to.match(/^thv-scaling: stdout cannot be written: ENOSPC.*\n$/);
	});
});
