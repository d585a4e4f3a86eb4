import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { isUnreviewed, type Problem, problemText, type Skipped } from '../../../src/manifests/problem.ts';
import { decode, type Input, inputsOf, STDIN, sourcesIn, UnusableBytes } from '../../../src/manifests/read.ts';

const little = (text: string): Buffer => Buffer.from(text, 'utf16le');
const big = (text: string): Buffer => little(text).swap16();
const MAX = 64 * 1024 * 1024;
const TOO_LARGE = 'it is larger than 64 MiB; split it into several files';
const NO_TEXT = 'this is not UTF-8 text, nor UTF-16 with a byte order mark; is it a binary file?';

/** A row has bytes that are not text, and a part of the expected error. */
const UNUSABLE: readonly (readonly [title: string, bytes: Buffer, message: string])[] = [
	['a program', Buffer.from('\x7fELF\0\0'), NO_TEXT],
	['UTF-16LE without a mark', little('kind: X'), NO_TEXT],
	['Latin 1', Buffer.from('a: \xe4\n', 'latin1'), NO_TEXT],
	['UTF-16LE of an odd length', little('\ufeffab').subarray(0, 5), 'odd number of bytes'],
	['UTF-16BE with a low surrogate alone', big('\ufeffa\udc00b'), 'half of a surrogate pair'],
	['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'U+0000'],
];

describe('decode', () => {
	for (const text of ['', 'é😀\u{10ffff}\n', 'a\ufeffb'])
		it(`${JSON.stringify(text)} › UTF-8 and UTF-16 › the text; only UTF-8 keeps its mark`, () => {
			expect(decode(Buffer.from(text))).to.equal(text);
			expect(decode(Buffer.from(`\ufeff${text}`))).to.equal(`\ufeff${text}`);
			for (const encode of [little, big]) expect(decode(encode(`\ufeff${text}`))).to.equal(text);
		});
	for (const [title, bytes, message] of UNUSABLE)
		it(`${title} › UnusableBytes`, () => expect(() => decode(bytes)).to.throw(UnusableBytes, message));
	it('more than 64 MiB › UnusableBytes; 64 MiB › the text', () => {
		const bytes = Buffer.alloc(MAX + 1, '#');
		expect(() => decode(bytes)).to.throw(UnusableBytes, TOO_LARGE);
		expect(decode(bytes.subarray(1))).to.have.length(MAX);
	});
});

describe('inputsOf and sourcesIn', () => {
	const MANIFEST = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';
	let folder: string;
	const at = (name: string): string => join(folder, name);
	const put = (name: string, text: string | Uint8Array = MANIFEST): string => {
		mkdirSync(dirname(at(name)), { recursive: true });
		writeFileSync(at(name), text);
		return at(name);
	};
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'thv-scaling-read-'));
	});
	after(() => rmSync(folder, { recursive: true }));

	async function* piped(): AsyncGenerator<Uint8Array> {
		yield Buffer.from(MANIFEST);
	}
	const short = (one: Problem | Skipped): string => problemText(one).replace(`${folder}/`, '');
	const namesIn = async (...paths: string[]): Promise<string[]> =>
		(await inputsOf(paths, piped)).map((one) => (isUnreviewed(one) ? short(one) : one.name.replace(`${folder}/`, '')));
	const textsOf = async (one: Input | Problem | Skipped | undefined): Promise<string[]> => {
		if (one === undefined || isUnreviewed(one)) throw new Error('no input');
		const texts: string[] = [];
		for await (const source of sourcesIn(one)) texts.push(isUnreviewed(source) ? short(source) : source.text);
		return texts;
	};
	const textsIn = async (path: string): Promise<string[]> =>
		(await Promise.all((await inputsOf([path], piped)).map(textsOf))).flat();

	it('a folder › its manifests at any depth, sorted by name', async () => {
		for (const name of ['b.yml', 'a.yaml', 'sub/c.JSON', 'README.md', '.git/x.yaml', 'node_modules/x.yaml'])
			put(`tree/${name}`);
		// No program may ever write to this pipe.
		execFileSync('mkfifo', [at('tree/pipe.yaml')]);
		expect(await namesIn(at('tree'))).to.deep.equal(['tree/a.yaml', 'tree/b.yml', 'tree/sub/c.JSON']);
	});
	it('a file or folder that is named several times, or through a link › read once, without an error', async () => {
		const file = put('twice/a.yaml');
		symlinkSync(file, at('twice/link.yaml'));
		put('twice/sub/b.yaml');
		const names = await namesIn(at('twice'), at('twice/'), at('twice/sub'), file);
		expect(names).to.deep.equal(['twice/a.yaml', 'twice/sub/b.yaml']);
	});
	it('links and files that do not exist › problems, and the others are read', async () => {
		put('dead/b.yaml');
		symlinkSync(at('nowhere'), at('dead/a.yaml'));
		symlinkSync(at('dead/loop.yaml'), at('dead/loop.yaml'));
		expect(await namesIn('not-there.yaml', at('dead'))).to.deep.equal([
			'not-there.yaml: there is no such file or folder',
			'dead/a.yaml: there is no such file or folder',
			'dead/b.yaml',
			'dead/loop.yaml: it is a symbolic link that leads back to itself',
		]);
	});
	it('an empty folder › a problem', async () => {
		mkdirSync(at('empty'));
		expect(await namesIn(at('empty'))).to.deep.equal(['empty: no *.yaml, *.yml or *.json in this folder']);
	});
	it('- › stdin, only once, and it can be read again', async () => {
		expect(await namesIn('-', '-')).to.deep.equal([STDIN]);
		const [input] = await inputsOf(['-'], piped);
		for (const _ of [1, 2]) expect(await textsOf(input)).to.deep.equal([MANIFEST]);
	});
	it('a named pipe › it can be read again', async () => {
		execFileSync('mkfifo', [at('pipe')]);
		const writer = spawn('sh', ['-c', 'cat > "$1"', 'sh', at('pipe')], { stdio: ['pipe', 'ignore', 'inherit'] });
		writer.stdin.end(MANIFEST);
		const [[input]] = await Promise.all([inputsOf([at('pipe')], piped), once(writer, 'close')]);
		for (const _ of [1, 2]) expect(await textsOf(input)).to.deep.equal([MANIFEST]);
	});
	it('other files in a folder › skipped, or parsed if they mention ToolHive', async () => {
		put('mixed/a.yaml');
		put('mixed/values.yaml', '# values\nreplicas: 3\n');
		put('mixed/z.yaml', 'toolhive.stacklok.dev: [\n');
		expect(await textsIn(at('mixed'))).to.deep.equal([
			MANIFEST,
			'mixed/values.yaml:1: skipped: no apiVersion and kind at the top level, so this is not a Kubernetes manifest',
			'toolhive.stacklok.dev: [\n',
		]);
	});
	it('a file that is named › its text, without a byte order mark', async () =>
		expect(await textsIn(put('values.yaml', '\ufeffreplicas: 3\n'))).to.deep.equal(['replicas: 3\n']));
	it('bytes that are not text › skipped, or a problem if ToolHive is mentioned in any encoding', async () => {
		expect(await textsIn(put('bytes.yaml', little('kind: X')))).to.deep.equal([`bytes.yaml: skipped: ${NO_TEXT}`]);
		for (const encode of [little, (text: string) => Buffer.from(`\xe4${text}`, 'latin1')])
			expect(await textsIn(put('bytes.yaml', encode('toolhive.stacklok.dev')))).to.deep.equal([
				`bytes.yaml: ${NO_TEXT}`,
			]);
	});
	it('a file of more than 64 MiB that mentions ToolHive › a problem', async () => {
		truncateSync(put('large.yaml', 'a: toolhive.stacklok.dev\n'), MAX + 1);
		expect(await textsIn(at('large.yaml'))).to.deep.equal([`large.yaml: ${TOO_LARGE}`]);
	});
});
