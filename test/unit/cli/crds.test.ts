import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { KIND_LIST } from '../../../src/api/names.ts';
import { completeCrds, crdTextOf } from '../../../src/manifests/crd-text.ts';
import { type Ended, startProgram } from '../../harness/program.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/old-mcpservers-crd.yaml');
const OLD = readFileSync(FIXTURE, 'utf8');
const CRD = crdTextOf('MCPRemoteProxy');
const NOTE =
	'mcpservers.toolhive.stacklok.dev v1alpha1: added spec.replicas, spec.backendReplicas, spec.sessionStorage\n';
const COMPLETED: Ended = { code: 0, stdout: completeCrds(OLD).text, stderr: NOTE };

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

	it('no file › the minimal CRDs, and stdin is not read', async () =>
		expect(await run([], OLD)).to.deep.equal({ code: 0, stdout: KIND_LIST.map(crdTextOf).join('---\n'), stderr: '' }));
	it('UTF-16 on stdin, or UTF-8 in a file › completed as UTF-8, with a note on stderr', async () => {
		expect(await run(['-'], Buffer.from(`\uFEFF${OLD}`, 'utf16le'))).to.deep.equal(COMPLETED);
		expect(await run([FIXTURE])).to.deep.equal(COMPLETED);
	});
	it('a complete CRD › unchanged, without a note', async () => {
		const text = `\uFEFF# CRD\r\n${CRD.replaceAll('\n', '\r\n').trimEnd()}`;
		expect(await run(['-'], text)).to.deep.equal({ code: 0, stdout: text, stderr: '' });
	});
	it('several files › one stream', async () => {
		const last = write('b.yaml', `\uFEFF---\n${CRD}`);
		const files = [write('a.yaml', CRD.trimEnd()), '-', last, write('c.json', '{"a": 1}')];
		const stdout = `${CRD}---\n${CRD}---\n${CRD}---\n{"a": 1}`;
		expect(await run(files, CRD)).to.deep.equal({ code: 0, stdout, stderr: '' });
	});
	it('no ToolHive CRD › nothing on stdout, and an example on stderr', async () => {
		const { code, stdout, stderr } = await run([write('other.yaml', 'kind: ConfigMap\n'), '-'], 'kind: ConfigMap\n');
		expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
		expect(stderr).to.match(
			/^thv-scaling: none of the CRDs mcpservers.* is in .*other\.yaml, <stdin>; try `kubectl get crd mcpservers\.toolhive\.stacklok\.dev -o yaml \| thv-scaling crds -`\n$/,
		);
	});

	const EVIL = OLD.replace('name: v1alpha1', 'name: "v1\\e[2J"');
	for (const [title, args, input, error] of [
		['broken YAML after a CRD', [FIXTURE, '-'], 'a: 1\na: 2\n', /<stdin>:2:1: the key "a" is duplicated/],
		['no schema', ['-'], EVIL.replace('    schema:', '    schemas:'), /<stdin>:22:5: version v1 \[2J .* has no schema/],
		['a folder', [tmpdir()], '', /: it is a folder; name the files in it/],
		['compressed bytes', ['-'], gzipSync(OLD), /<stdin>: this is not UTF-8 text.*binary file/],
		['a file without end', ['/dev/zero'], '', /\/dev\/zero: it is larger than 64 MiB; split it into several files/],
		['stdin more than once', ['-', '-'], OLD, /may be given only once/],
	] as const)
		it(`${title} › nothing on stdout, and an error`, async () => {
			const { code, stdout, stderr } = await run(args, input);
			expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: '' });
			expect(stderr)
				.to.match(error)
				.and.match(/^thv-scaling: [^\n]+\n$/);
		});

	it('control characters in a note › not printed', async () =>
		expect((await run(['-'], EVIL)).stderr).to.match(/^mcpservers\S+ v1 \[2J: added .+\n$/));
});
