import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { KIND_LIST } from '../../../src/api/names.ts';
import { crds } from '../../../src/cli/crds.ts';
import { completeCrds, crdTextOf } from '../../../src/manifests/crd-text.ts';
import { type Ended, startProgram } from '../../harness/program.ts';
import { createTerminal } from '../../harness/terminal.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/old-mcpservers-crd.yaml');
const OLD = readFileSync(FIXTURE, 'utf8');
const { text: COMPLETED } = completeCrds(OLD);
const OURS = crdTextOf('MCPRemoteProxy');
const NOTE =
	'mcpservers.toolhive.stacklok.dev v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage\n';

const run = (args: readonly string[], input?: string | Uint8Array): Promise<Ended> =>
	startProgram(['crds', ...args], {}, input === undefined ? {} : { stdin: input }).ended;

describe('thv-scaling crds', function () {
	this.timeout(60_000);
	let folder = '';
	const write = (name: string, content: string | Uint8Array): string => {
		const file = join(folder, name);
		writeFileSync(file, content);
		return file;
	};
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-crds-'));
	});
	after(() => rmSync(folder, { recursive: true }));

	it('prints our own CRDs, without asking for stdin', async () => {
		const program = startProgram(['crds'], {}, { stdin: OLD });
		expect(await program.ended).to.deep.equal({ code: 0, stdout: KIND_LIST.map(crdTextOf).join('---\n'), stderr: '' });
	});

	it('adds the fields to a file, and says so on stderr', async () => {
		expect(await run([FIXTURE])).to.deep.equal({ code: 0, stdout: COMPLETED, stderr: NOTE });
	});

	it('adds the fields to what comes from stdin', async () => {
		expect(await run(['-'], OLD)).to.deep.equal({ code: 0, stdout: COMPLETED, stderr: NOTE });
	});

	it('prints what has them as it is, and says nothing', async () => {
		const text = `\uFEFF# ours\r\n${OURS.replaceAll('\n', '\r\n').trimEnd()}`;
		expect(await run(['-'], text)).to.deep.equal({ code: 0, stdout: text, stderr: '' });
	});

	it('UTF-16 with a byte order mark › completed as UTF-8 without one', async () => {
		const utf16 = Buffer.from(`\uFEFF${OLD}`, 'utf16le');
		for (const bytes of [utf16, Buffer.from(utf16).swap16()]) {
			expect(await run(['-'], bytes)).to.deep.equal({ code: 0, stdout: COMPLETED, stderr: NOTE });
			expect(await run([write('utf16.yaml', bytes)])).to.deep.equal({ code: 0, stdout: COMPLETED, stderr: NOTE });
		}
	});

	it('makes one stream of several files', async () => {
		const files = [
			write('a.yaml', OURS.trimEnd()),
			'-',
			write('b.yaml', `\uFEFF---\n${OURS}`),
			write('c.json', '{"a": 1}'),
		];
		const { code, stdout, stderr } = await run(files, OURS);
		expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
		expect(stdout).to.equal(`${OURS}---\n${OURS}---\n${OURS}---\n{"a": 1}`);
	});

	it('prints nothing of a text without a CRD of ours, and fails with what to do', async () => {
		const text = 'kind: ConfigMap\n';
		const { code, stdout, stderr } = await run([write('other.yaml', text), '-'], text);
		expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
		expect(stderr).to.match(
			/^thv-scaling: none of the CRDs mcpservers.* is in .*other\.yaml, <stdin>; try `kubectl get crd mcpservers\.toolhive\.stacklok\.dev -o yaml \| thv-scaling crds -`\n$/,
		);
	});

	const utf16 = Buffer.from(`\uFEFF${OLD}`, 'utf16le');
	const unusable: readonly { it: string; args: readonly string[]; input?: string | Uint8Array; says: RegExp }[] = [
		{
			it: 'broken YAML',
			args: ['-'],
			input: `${OLD}a: [\n`,
			says: /<stdin>:95:1: Flow sequence in block collection must/,
		},
		{
			it: 'broken YAML behind a file that is not',
			args: [FIXTURE, '-'],
			input: 'a: 1\na: 2\n',
			says: /<stdin>:2:1: the key "a" stands twice/,
		},
		{
			it: 'a Helm template',
			args: ['-'],
			input: '{{- if .Values.x }}\na: 1\n{{- end }}\n',
			says: /<stdin>:1:3: .*`helm template`/,
		},
		{
			it: 'a CRD that cannot be completed',
			args: ['-'],
			input: OLD.replace('    schema:', '    schemas:'),
			says: /<stdin>:22:5: version v1alpha1 .* has no schema/,
		},
		{ it: 'a file that is not there', args: ['/no/such.yaml'], says: /\/no\/such\.yaml: there is no such file/ },
		{ it: 'a folder', args: [tmpdir()], says: /: it is a folder; name the files in it/ },
		{ it: 'a file below a file', args: [join(FIXTURE, 'x')], says: /\/x: ENOTDIR/ },
		{
			it: 'packed bytes',
			args: ['-'],
			input: gzipSync(OLD),
			says: /<stdin>: this is not UTF-8 text.*binary file/,
		},
		{ it: 'text with a null byte', args: ['-'], input: 'a: \0\n', says: /<stdin>: this is not UTF-8 text/ },
		{ it: 'Latin 1', args: ['-'], input: Buffer.from('a: \xe4\n', 'latin1'), says: /<stdin>: this is not UTF-8 text/ },
		{ it: 'UTF-16 without a mark', args: ['-'], input: utf16.subarray(2), says: /<stdin>: this is not UTF-8 text/ },
		{ it: 'UTF-16 of an odd length', args: ['-'], input: utf16.subarray(0, -1), says: /odd number of bytes/ },
		{
			it: 'a text without end',
			args: ['-'],
			input: Buffer.alloc(65 * 1024 * 1024, '#'),
			says: /<stdin>: it has more than 64 MiB; cut it into several files/,
		},
		{ it: 'a file without end', args: ['/dev/zero'], says: /\/dev\/zero: it has more than 64 MiB/ },
		{ it: 'stdin twice', args: ['-', '-'], input: OLD, says: /may be given only once/ },
		{ it: 'a flag', args: ['--all'], says: /--all/ },
	];
	for (const { it: title, args, input, says } of unusable) {
		it(`prints nothing but an error for ${title}`, async () => {
			const { code, stdout, stderr } = await run(args, input);
			expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: '' });
			expect(stderr)
				.to.match(says)
				.and.match(/^thv-scaling: [^\n]+\n$/);
		});
	}

	it('prints a large CRD whole', async () => {
		const text = `# ${'x'.repeat(3_000_000)}\n${OURS}`;
		const { code, stdout } = await run(['-'], text);
		expect(code).to.equal(0);
		expect(stdout.length).to.equal(text.length);
	});

	it('ends quietly when the reader has enough', async () => {
		const program = startProgram(['crds', '-'], {}, { stdin: `# ${'x'.repeat(3_000_000)}\n${OURS}` });
		program.process.stdout?.destroy();
		expect(await program.ended).to.deep.include({ code: 0, stderr: '' });
	});

	it('fails when what it prints cannot be written', async () => {
		const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
		const stdout = new Writable({ write: (_chunk, _encoding, done) => done(full) });
		const terminal = { ...createTerminal(), stdout };
		expect(await crds([], terminal)).to.equal(2);
		expect(terminal.stderrText()).to.equal('thv-scaling: stdout cannot be written: no space left\n');
	});

	it('lets nothing of a file steer the terminal', async () => {
		const named = OLD.replace('name: v1alpha1', 'name: "v1\\e[2J"');
		expect((await run(['-'], named)).stderr).to.match(/^mcpservers\S+ v1 \[2J: added .+\n$/);
		const broken = await run(['-'], named.replace('    schema:', '    schemas:'));
		expect(broken.stderr).to.match(/^thv-scaling: <stdin>:22:5: version v1 \[2J of .+\n$/);
	});

	it('does not load the Kubernetes client', async () => {
		const listed = await startProgram(['crds', FIXTURE], { NODE_DEBUG: 'esm' }).ended;
		expect(listed.stderr).to.contain('manifests/crd-text').and.not.contain('client-node');
	});

	it('is told of in the help', async () => {
		expect((await run(['--help'])).stdout).to.contain('Usage: thv-scaling crds [options] [file...]');
	});
});
