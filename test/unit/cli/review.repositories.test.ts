import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { run as runProgram } from '../../../src/cli/program.ts';
import { serverText } from '../../harness/review-command.ts';
import { createTerminal } from '../../harness/terminal.ts';
import { REPOSITORIES, type Repository, SERVER } from './repositories.ts';

const WARNED = serverText('search', '  replicas: 2');
const DENIED = serverText('search', '  replicas: -1');
/** Neither can be reviewed. */
const NAMELESS = WARNED.replace('  name: search\n', '');
const UNPARSABLE = `${WARNED}  - a\n`;

interface Outcome {
	readonly code: number;
	readonly summary: Readonly<Record<string, number>>;
	readonly servers: readonly (readonly [verdict: string, warnings: readonly string[]])[];
	readonly problems: number;
	readonly stderr: string;
}

interface Report {
	readonly objects: readonly {
		readonly apiVersion: string;
		readonly verdict: string;
		readonly warnings: readonly { readonly id: string }[];
	}[];
	readonly summary: Readonly<Record<string, number>>;
	readonly problems?: readonly unknown[];
}

async function run(args: readonly string[], stdin?: Uint8Array): Promise<Outcome> {
	const terminal = createTerminal(stdin);
	const code = await runProgram(['review', ...args, '-o', 'json', '--verbose'], terminal);
	const { objects, summary, problems = [] } = JSON.parse(terminal.stdoutText()) as Report;
	const ours = objects.filter(({ apiVersion }) => apiVersion.startsWith('toolhive.stacklok.dev/'));
	return {
		code,
		summary,
		servers: ours.map(({ verdict, warnings }) => [verdict, warnings.map(({ id }) => id)]),
		problems: problems.length,
		stderr: terminal.stderrText(),
	};
}

const withServer = (text: string | Uint8Array, server: string): string | Uint8Array =>
	typeof text === 'string' ? text.replace(SERVER, server) : text;

async function inFolder<T>({ files }: Repository, server: string, use: (folder: string) => Promise<T>): Promise<T> {
	const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-repository-'));
	try {
		for (const [name, text] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, name)), { recursive: true });
			writeFileSync(join(folder, name), withServer(text, server));
		}
		return await use(folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Every text of a repository as one stream. */
const streamOf = ({ files }: Repository, server: string): string =>
	Object.values(files)
		.flatMap((text) => (typeof text === 'string' ? [`${withServer(text, server)}\n`] : []))
		.join('---\n');

describe('review of a whole repository', function () {
	this.timeout(60_000);
	for (const [name, repository] of Object.entries(REPOSITORIES)) {
		const count = repository.objects + 1;

		it(`${name} › a folder › the server is reviewed, the rest counted or skipped by name`, async () => {
			await inFolder(repository, WARNED, async (folder) => {
				const { code, summary, servers, stderr } = await run([folder]);
				expect({ code, summary, servers }, stderr).to.deep.equal({
					code: 0,
					summary: {
						objects: count,
						mutated: 0,
						denied: 0,
						warnings: 1,
						...(repository.skipped.length > 0 && { skipped: repository.skipped.length }),
					},
					servers: [['unchanged', ['session-storage-missing']]],
				});
				const lines = stderr.split('\n').filter((line) => line !== '');
				const places = lines.map((line) =>
					/^thv-scaling: (.*?): skipped: \S.*/.exec(line)?.[1]?.slice(folder.length + 1),
				);
				expect(places.toSorted()).to.deep.equal([...repository.skipped].sort());
			});
		});
		it(`${name} › a folder › the server is denied › 1`, async () => {
			const { code, servers } = await inFolder(repository, DENIED, (folder) => run([folder]));
			expect([code, servers]).to.deep.equal([1, [['denied', []]]]);
		});
		it(`${name} › a folder › the server cannot be parsed › 2`, async () => {
			const { code, problems } = await inFolder(repository, UNPARSABLE, (folder) => run([folder]));
			expect([code, problems]).to.deep.equal([2, 1]);
		});
		it(`${name} › a folder › the server is nameless, as a patch for kustomize › skipped`, async () => {
			const { code, summary, stderr } = await inFolder(repository, NAMELESS, (folder) => run([folder]));
			expect([code, summary['skipped']]).to.deep.equal([0, repository.skipped.length + 1]);
			expect(stderr).to.contain('MCPServer without a name').and.contain('kubectl kustomize');
		});
		it(`${name} › every file named › as the folder, but for files that cannot be parsed`, async () => {
			await inFolder(repository, WARNED, async (folder) => {
				const paths = Object.keys(repository.files).filter((file) => !/^(\.|.*templates\/)/.test(file));
				const { summary, servers } = await run(paths.map((file) => join(folder, file)));
				expect(servers).to.deep.equal([['unchanged', ['session-storage-missing']]]);
				expect(summary['objects']).to.equal(count);
			});
		});
	}

	it('a stream and a named file › a server is nameless › 2', async () => {
		const { code, problems } = await run(['-'], Buffer.from(NAMELESS));
		expect([code, problems]).to.deep.equal([2, 1]);
		const files = { 'patch.yaml': NAMELESS, 'other.yaml': WARNED };
		await inFolder({ files, objects: 1, skipped: [] }, '', async (folder) => {
			const named = await run([join(folder, 'patch.yaml'), join(folder, 'other.yaml')]);
			expect([named.code, named.problems]).to.deep.equal([2, 1]);
		});
	});

	const texts = Object.entries(REPOSITORIES).filter(([name]) => name !== 'an application' && name !== 'Helm chart');
	for (const [name, repository] of texts) {
		for (const [encoding, encode] of [
			['UTF-8', (text: string) => Buffer.from(text)],
			['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
			['UTF-16LE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
			['UTF-16BE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
		] as const) {
			it(`${name} › one stream in ${encoding} › the server is reviewed`, async () => {
				const bytes = encode(streamOf(repository, WARNED));
				const piped = await run(['-'], bytes);
				expect([piped.code, piped.problems, piped.summary['objects']], piped.stderr).to.deep.equal([
					0,
					0,
					repository.objects + 1,
				]);
				expect(piped.servers).to.deep.equal([['unchanged', ['session-storage-missing']]]);
				const named = await inFolder({ files: { 'all.yaml': bytes }, objects: 0, skipped: [] }, '', (folder) =>
					run([join(folder, 'all.yaml')]),
				);
				expect(named.summary).to.deep.equal(piped.summary);
			});
		}
	}
	it('JSON in UTF-16 › the server is reviewed', async () => {
		const server = {
			apiVersion: 'toolhive.stacklok.dev/v1beta1',
			kind: 'MCPServer',
			metadata: { name: 'a' },
			spec: { transport: 'sse', replicas: 2 },
		};
		const text = `\ufeff${JSON.stringify(server)}\n{"a":"😀"}`;
		for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
			const { code, summary, servers } = await run(['-'], bytes);
			expect([code, summary['objects'], summary['skipped']]).to.deep.equal([0, 1, 1]);
			expect(servers).to.deep.equal([['unchanged', ['session-storage-missing']]]);
		}
	});
});
