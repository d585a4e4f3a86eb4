import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { UsageError } from '../../../src/cli/options.ts';
import { run as runProgram } from '../../../src/cli/program.ts';
import { MAIN } from '../../harness/main-file.ts';
import { startProgram } from '../../harness/program.ts';
import { serverText } from '../../harness/review-command.ts';
import { createTerminal, type TestTerminal } from '../../harness/terminal.ts';

const GOOD = serverText('good', '  replicas: 1');
const WARNED = serverText('warned', '  replicas: 2');
const DENIED = serverText('denied', '  replicas: -1');

describe('thv-scaling review', function () {
	this.timeout(30_000);
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

	async function run(...args: string[]): Promise<TestTerminal & { readonly code: number }> {
		const terminal = createTerminal(WARNED);
		const paths = args.map((arg) => (existsSync(join(folder, arg)) ? join(folder, arg) : arg));
		const code = await runProgram(['review', ...paths], terminal);
		return { ...terminal, code };
	}

	const CODES: readonly (readonly [args: string[], code: number])[] = [
		[['good.yaml'], 0],
		[['warned.yaml'], 0],
		[['warned.yaml', '--strict'], 1],
		[['good.yaml', '--strict'], 0],
		[['denied.yaml'], 1],
		[['denied.yaml', 'broken.yaml'], 2],
		[['missing.yaml'], 2],
		[['empty.yaml'], 2],
		[['good.yaml', 'empty.yaml'], 0],
		[['-'], 0],
		[['-', '--strict'], 1],
	];
	for (const [args, code] of CODES) {
		for (const output of ['text', 'json', 'yaml', 'sarif']) {
			it(`${args.join(' ')} as ${output} ends with ${code}`, async () => {
				expect((await run(...args, '-o', output)).code).to.equal(code);
			});
		}
	}

	it('prints nothing but the report on stdout, whatever could not be read', async () => {
		const { stdoutText, stderrText } = await run('broken.yaml', 'denied.yaml', '--output', 'json');
		expect(JSON.parse(stdoutText()).problems).to.have.length(1);
		expect(JSON.parse(stdoutText()).summary).to.deep.equal({ objects: 1, mutated: 0, denied: 1, warnings: 0 });
		expect(stderrText()).to.match(/^thv-scaling: .*broken\.yaml:1:4: Nested mappings.*\n$/);
	});
	it('says that there is nothing to review: what should have filled a pipe may have failed', async () => {
		expect((await run('empty.yaml')).stderrText())
			.to.include('there is no manifest in ')
			.and.include('empty.yaml');
	});
	it('reviews as the namespace that is named', async () => {
		const file = put('nameless.yaml', GOOD.replace('  namespace: demo\n', ''));
		expect((await run(file)).stdoutText()).to.include('MCPServer default/good');
		expect((await run(file, '-n', 'team')).stdoutText()).to.include('MCPServer team/good');
	});
	it('knows the proxy image by --server-version', async () => {
		const file = put('backends.yaml', serverText('s', '  backendReplicas: 1'));
		expect((await run(file)).stdoutText()).not.to.include('image-too-old');
		for (const version of ['v0.12.4', '0.12.4']) {
			expect((await run(file, '--server-version', version)).stdoutText()).to.include('not v0.12.4');
		}
		expect((await run(file, '--server-version', 'v0.12.5')).stdoutText()).not.to.include('image-too-old');
	});
	it('takes the flags of serve that decisions depend on', async () => {
		const { stdoutText } = await run('good.yaml', '--grace-period-seconds', '77');
		expect(stdoutText()).to.include('terminationGracePeriodSeconds: 77');
	});
	it('notes are in the text, and on stderr for programs', async () => {
		const file = put('twice.yaml', GOOD + GOOD);
		const text = await run(file);
		expect([text.stdoutText().includes('is also in'), text.stderrText()]).to.deep.equal([true, '']);
		const json = await run(file, '-o', 'json');
		expect(json.stderrText()).to.include('twice.yaml:2: MCPServer demo/good is also in');
	});
	it('something skipped › counted, and named on request', async () => {
		const files = ['denied.yaml', put('list.yaml', '---\n- a\n')];
		const silent = await run(...files);
		expect(silent.stdoutText()).to.include('1 object reviewed: 1 denied, 0 mutated, no warnings, 1 skipped\n');
		expect(silent.stderrText()).to.equal('thv-scaling: 1 skipped; --verbose prints each with the reason\n');
		const named = await run(...files, '--verbose', '-o', 'json');
		expect([silent.code, named.code]).to.deep.equal([1, 1]);
		expect(JSON.parse(named.stdoutText()).summary).to.deep.equal({
			...{ objects: 1, mutated: 0, denied: 1, warnings: 0, skipped: 1 },
		});
		expect(named.stderrText()).to.match(
			/^thv-scaling: .*list\.yaml:2: skipped: a list is not a Kubernetes manifest\n$/,
		);
	});
	it('a file that cannot be parsed › named among others › error, while one in a folder is skipped', async () => {
		const named = await run('good.yaml', 'broken.yaml');
		expect([named.code, named.stderrText().includes('broken.yaml:1:4: Nested mappings')]).to.deep.equal([2, true]);
		const found = await run(folder, '--verbose');
		expect(found.code).to.equal(1);
		expect(found.stderrText()).to.include('broken.yaml:1: skipped: no apiVersion and kind');
	});
	it('a document that cannot be parsed › manifests in the same file › skipped', async () => {
		for (const [text, count] of [
			[`a: [\n${GOOD}`, 1],
			[`${GOOD}---\na: [\n`, 1],
			[`a: [\n---\na: {\n${GOOD}`, 2],
		] as const) {
			const { code, stdoutText } = await run(put('mixed.yaml', text));
			expect(code, text).to.equal(0);
			expect(stdoutText()).to.match(new RegExp(`^1 object reviewed: .*, ${count} skipped$`, 'm'));
		}
	});
	it('nothing but what is skipped › error with the first reason', async () => {
		const { code, stderrText } = await run(put('values.yaml', 'a: 1\n'), '--verbose');
		expect(code).to.equal(2);
		expect(stderrText()).to.match(/there is no manifest in .*values\.yaml; .*values\.yaml:1: skipped: no apiVersion/);
	});

	const WRONG: readonly (readonly [args: string[], says: string])[] = [
		[[], 'name a file, a folder, or - for stdin'],
		[['-o', 'xml', 'x'], '--output is "xml"; allowed: text or json or yaml or sarif'],
		[['--server-version', 'latest', 'x'], '--server-version is "latest"; allowed: a version of ToolHive'],
		[['--stict', 'x'], "unknown option '--stict' (Did you mean --strict?)"],
		[['-q-s', 'x'], "unknown option '--s'"],
		[['--pre-stop-seconds', '60', 'x'], '--grace-period-seconds 45 is too short for --pre-stop-seconds 60'],
	];
	for (const [args, says] of WRONG) {
		it(`refuses ${JSON.stringify(args)}`, async () => {
			const refused = await runProgram(['review', ...args], createTerminal()).catch((error: unknown) => error);
			expect(refused).to.be.instanceOf(UsageError).with.property('message').that.includes(says);
		});
	}

	it('is called from a shell, and reads stdin', async () => {
		const { code, stdout, stderr } = await startProgram(['review', '-'], {}, { stdin: DENIED }).ended;
		expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' });
		expect(stdout).to.include('MCPServer demo/denied  <stdin>:2');
	});
	it('goes on quietly when its reader has seen enough, and its exit code is still the verdict', () => {
		const many = put('many.yaml', WARNED.repeat(2000) + DENIED);
		const shell = `set -o pipefail; "$1" "$2" review "$3" | head -n 1; echo "\${PIPESTATUS[0]}"`;
		const { stdout, stderr } = spawnSync('bash', ['-c', shell, 'bash', process.execPath, MAIN, many], {
			encoding: 'utf8',
		});
		expect(stderr).to.equal('');
		expect(stdout.split('\n').slice(1)).to.deep.equal(['1', '']);
	});
	it('does not read the report that it writes into the folder', () => {
		const shell = 'cd "$3" && "$1" "$2" review --verbose -o yaml . > report.yaml';
		const { stderr } = spawnSync('bash', ['-c', shell, 'bash', process.execPath, MAIN, folder], { encoding: 'utf8' });
		expect(stderr).to.include('report.yaml: skipped: this is where the report goes');
		rmSync(join(folder, 'report.yaml'));
	});
	it('says when the report cannot be written', function () {
		if (!existsSync('/dev/full')) this.skip();
		const shell = '"$1" "$2" review "$3" > /dev/full';
		const { status, stderr } = spawnSync(
			'bash',
			['-c', shell, 'bash', process.execPath, MAIN, join(folder, 'good.yaml')],
			{
				encoding: 'utf8',
			},
		);
		expect(status).to.equal(2);
		expect(stderr).to.match(/^thv-scaling: stdout cannot be written: ENOSPC.*\n$/);
	});
});
