import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import {
	isProblem,
	isSkipped,
	isUnreviewed,
	type Problem,
	problemText,
	type Skipped,
} from '../../../src/manifests/problem.ts';
import { type Input, inputsOf, STDIN, sourcesIn } from '../../../src/manifests/read.ts';

const NO_TEXT = 'this is not UTF-8 text, nor UTF-16 with a byte order mark; is it a binary file?';
const MANIFEST = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';

describe('the input of review', () => {
	let folder: string;
	const put = (name: string, text: string | Uint8Array): string => {
		const path = join(folder, name);
		mkdirSync(join(path, '..'), { recursive: true });
		writeFileSync(path, text);
		return path;
	};
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'thv-scaling-read-'));
	});
	after(() => rmSync(folder, { recursive: true }));

	async function* nothing(): AsyncGenerator<Uint8Array> {}
	async function* piped(): AsyncGenerator<Uint8Array> {
		yield Buffer.from(MANIFEST);
	}
	const namesOf = (inputs: readonly (Input | Problem | Skipped)[]): string[] =>
		inputs.map((one) => (isUnreviewed(one) ? problemText(one) : one.name).replace(`${folder}/`, ''));
	const inputs = async (paths: string[], stdin = nothing) => inputsOf(paths, stdin);
	const documentsOf = async (path: string): Promise<{ texts: string[]; skipped: string[] }> => {
		const skipped: string[] = [];
		const texts: string[] = [];
		for (const input of await inputs([path])) {
			if (isUnreviewed(input)) texts.push(problemText(input));
			else {
				for await (const one of sourcesIn(input)) {
					if (isSkipped(one)) skipped.push(problemText(one).replace(`${folder}/`, ''));
					else texts.push(isProblem(one) ? problemText(one).replace(`${folder}/`, '') : one.text);
				}
			}
		}
		return { texts, skipped };
	};

	it('of a folder is its manifests, in the order of their names, at any depth', async () => {
		for (const name of ['tree/b.yml', 'tree/a.yaml', 'tree/sub/c.JSON', 'tree/README.md']) put(name, MANIFEST);
		for (const name of ['tree/.git/x.yaml', 'tree/node_modules/x.yaml']) put(name, MANIFEST);
		expect(namesOf(await inputs([join(folder, 'tree')]))).to.deep.equal([
			'tree/a.yaml',
			'tree/b.yml',
			'tree/sub/c.JSON',
		]);
	});
	it('is read once, however often it is named', async () => {
		const file = put('once/a.yaml', MANIFEST);
		symlinkSync(file, join(folder, 'once/link.yaml'));
		expect(namesOf(await inputs([join(folder, 'once'), file, file]))).to.deep.equal(['once/a.yaml']);
	});
	it('a link that leads nowhere is told, and hides no other file', async () => {
		mkdirSync(join(folder, 'dead'));
		symlinkSync(join(folder, 'nowhere'), join(folder, 'dead/a.yaml'));
		put('dead/b.yaml', MANIFEST);
		symlinkSync(join(folder, 'dead/loop.yaml'), join(folder, 'dead/loop.yaml'));
		expect(namesOf(await inputs([join(folder, 'dead')]))).to.deep.equal([
			'dead/a.yaml: there is no such file or folder',
			'dead/b.yaml',
			'dead/loop.yaml: it is a link that leads back to itself',
		]);
	});
	it('a missing file does not hide the others', async () => {
		const file = put('there.yaml', MANIFEST);
		expect(namesOf(await inputs(['not-there.yaml', file]))).to.deep.equal([
			'not-there.yaml: there is no such file or folder',
			'there.yaml',
		]);
	});
	it('a folder › named a second time, or below another one › read once, without an error', async () => {
		put('twice/a.yaml', MANIFEST);
		put('twice/sub/b.yaml', MANIFEST);
		const named = [join(folder, 'twice'), join(folder, 'twice/'), join(folder, 'twice/sub')];
		expect(namesOf(await inputs(named))).to.deep.equal(['twice/a.yaml', 'twice/sub/b.yaml']);
	});
	it('an empty folder is told', async () => {
		mkdirSync(join(folder, 'empty'));
		expect(namesOf(await inputs([join(folder, 'empty')]))[0]).to.include('no *.yaml, *.yml or *.json in this folder');
	});
	it('- is stdin, once, and can be read twice', async () => {
		const [input, ...others] = await inputs(['-', '-'], piped);
		expect(others).to.deep.equal([]);
		if (input === undefined || isUnreviewed(input)) throw new Error('no input');
		expect(input.name).to.equal(STDIN);
		for (const _ of [1, 2]) {
			const found = [];
			for await (const one of sourcesIn(input)) found.push(one);
			expect(found).to.have.length(1);
		}
	});
	it('what is no file of the disk can be read twice too', async () => {
		const pipe = join(folder, 'pipe');
		execFileSync('mkfifo', [pipe]);
		const written = writeTo('sh', ['-c', 'cat > "$1"', 'sh', pipe], MANIFEST);
		const [input] = await inputs([pipe]);
		await written;
		if (input === undefined || isUnreviewed(input)) throw new Error('no input');
		for (const _ of [1, 2]) {
			const found = [];
			for await (const one of sourcesIn(input)) found.push(one);
			expect(found).to.have.length(1);
		}
	});

	it('a pipe in a folder is passed over: nobody may ever write into it', async () => {
		put('piped/a.yaml', MANIFEST);
		execFileSync('mkfifo', [join(folder, 'piped/b.yaml')]);
		expect(namesOf(await inputs([join(folder, 'piped')]))).to.deep.equal(['piped/a.yaml']);
	});
	it('other files of a folder are left out, and told', async () => {
		put('mixed/a.yaml', MANIFEST);
		put('mixed/values.yaml', '# values\nreplicas: 3\n');
		expect(await documentsOf(join(folder, 'mixed'))).to.deep.equal({
			texts: [MANIFEST],
			skipped: [
				'mixed/values.yaml:1: skipped: no apiVersion and kind at the top level, so this is not a Kubernetes manifest',
			],
		});
	});
	it('the templates of a chart are left out, and told', async () => {
		put('repo/chart/Chart.yaml', 'apiVersion: v2\nname: web\n');
		put('repo/chart/templates/server.yaml', 'kind: {{ .Values.kind }}\n');
		put('repo/templates/a.yaml', MANIFEST);
		expect(namesOf(await inputs([join(folder, 'repo')]))).to.deep.equal([
			'repo/chart/Chart.yaml',
			'repo/chart/templates: skipped: templates of a Helm chart; review what `helm template` prints',
			'repo/templates/a.yaml',
		]);
	});
	it('a file of a folder that mentions ToolHive › it has no kind › passed to the parser', async () => {
		put('mentions/values.yaml', 'toolhive.stacklok.dev: [\n');
		expect(await documentsOf(join(folder, 'mentions'))).to.deep.equal({
			texts: ['toolhive.stacklok.dev: [\n'],
			skipped: [],
		});
	});
	it('a file that was named is read, whatever is in it', async () => {
		const file = put('values.yaml', 'replicas: 3\n');
		expect(await documentsOf(file)).to.deep.equal({ texts: ['replicas: 3\n'], skipped: [] });
	});
	for (const [what, bytes, problem] of [
		['a program', Buffer.from('\x7fELF\0\0'), NO_TEXT],
		['UTF-16 without a mark', Buffer.from('kind: X', 'utf16le'), NO_TEXT],
		['Latin 1', Buffer.from('a: \xe4\n', 'latin1'), NO_TEXT],
		['half a character', Buffer.from([0x61, 0xc3]), NO_TEXT],
		['UTF-16 of an odd length', Buffer.from('\ufeffa', 'utf16le').subarray(0, 3), 'odd number of bytes'],
		['half a surrogate pair', Buffer.from('\ufeffa\ud800b', 'utf16le'), 'half of a surrogate pair'],
		['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'U+0000'],
	] as const) {
		it(`${what} is no text › skipped, or an error where ToolHive is mentioned`, async () => {
			const file = put('bytes.yaml', bytes);
			const { texts, skipped } = await documentsOf(file);
			expect(texts).to.deep.equal([]);
			expect(skipped[0])
				.to.match(/^bytes\.yaml: skipped: /)
				.and.include(problem);
			for (const encoding of ['latin1', 'utf16le'] as const) {
				put('bytes.yaml', Buffer.concat([bytes, Buffer.from('toolhive.stacklok.dev '.repeat(2), encoding)]));
				const mentioned = await documentsOf(file);
				expect(mentioned.skipped).to.deep.equal([]);
				expect(mentioned.texts.at(-1)).to.match(/^bytes\.yaml: this /);
			}
		});
	}
	for (const [what, start, outcome] of [
		['in a folder', 'a: 1\n', 'skipped: it has more than 64 MiB; cut it into several files'],
		['in a folder, about a server', 'a: toolhive.stacklok.dev\n', 'it has more than 64 MiB; cut it into several files'],
	] as const) {
		it(`a file of more than 64 MiB ${what}`, async () => {
			const file = put('large/large.yaml', start);
			truncateSync(file, 65 * 1024 * 1024);
			const { texts, skipped } = await documentsOf(join(folder, 'large'));
			expect([...texts, ...skipped]).to.deep.equal([`large/large.yaml: ${outcome}`]);
		});
	}
	it('a byte order mark is none of the text', async () => {
		const file = put('bom.yaml', `\ufeff${MANIFEST}`);
		expect((await documentsOf(file)).texts).to.deep.equal([MANIFEST]);
	});
});

function writeTo(command: string, args: string[], input: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit'] });
		child.on('error', reject).on('close', () => resolve());
		child.stdin.end(input);
	});
}
