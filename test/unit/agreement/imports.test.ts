/** Who may import whom: the table in CONTRIBUTING.md against the import lines of src/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');
const SRC = join(ROOT, 'src');

/** Folder of src/ to what it may import: other folders, and packages. */
const table = new Map(
	[...readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| `src\/(\w+)` \|[^|]*\| ([^|]*) \|$/gm)].map(
		([, folder = '', allowed = '']) =>
			[folder, [...allowed.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)] as const,
	),
);

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
/** Folders that may import everything. */
const isWiring = (file: string): boolean => /^(cli|server)\//.test(file);
const importsOf = (file: string): string[] =>
	[...readFileSync(join(SRC, file), 'utf8').matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)/g)].map(
		([, plain, dynamic]) => plain ?? dynamic ?? '',
	);

/** `semver/functions/lt.js` is in `semver`. */
const packageOf = (specifier: string): string => /^(node:.*|(@[^/]+\/)?[^/]+)/.exec(specifier)?.[0] ?? '';

/** `../policy/decide.ts` seen from admission/ is `policy`; a package is its name; our own folder and node: are free. */
function targetOf(file: string, specifier: string): string | undefined {
	if (specifier.startsWith('node:')) return undefined;
	if (!specifier.startsWith('.')) return packageOf(specifier);
	const folder = join(file, '..', specifier).split('/')[0];
	return folder === file.split('/')[0] ? undefined : folder;
}

describe('imports', () => {
	it('the table names every folder', () => {
		const folders = files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]);
		expect([...table.keys()]).to.have.members([...new Set(folders)] as string[]);
	});

	for (const file of files.filter((one) => one.includes('/') && !isWiring(one))) {
		it(`src/${file}`, () => {
			const folder = file.split('/')[0] ?? '';
			const targets = importsOf(file).flatMap((specifier) => targetOf(file, specifier) ?? []);
			expect(table.get(folder)).to.include.members(targets);
		});
	}

	it('src/cluster imports only types from the folders whose interfaces it implements', () => {
		for (const file of files.filter((one) => one.startsWith('cluster/'))) {
			const text = readFileSync(join(SRC, file), 'utf8');
			const loaded = [...text.matchAll(/^import (?!type ).* from '\.\.\/(\w+)\//gm)].map(([, folder]) => folder);
			expect(
				loaded.filter((folder) => folder !== 'api'),
				file,
			).to.deep.equal([]);
		}
	});

	it('exported names › each is exported by one file of src', () => {
		const exported = files.flatMap((file) => [
			...readFileSync(join(SRC, file), 'utf8').matchAll(
				/^export (?:async )?(?:function\*?|const|type|interface|class) (\w+)/gm,
			),
		]);
		const names = exported.map(([, name]) => name);
		expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
	});

	it('what works without a cluster loads no client and no server: they take longer than a review', () => {
		const reached = new Set<string>();
		const follow = (file: string): void => {
			if (reached.has(file)) return;
			reached.add(file);
			for (const specifier of importsOf(file)) {
				if (specifier.startsWith('.')) follow(join(file, '..', specifier));
				else reached.add(packageOf(specifier));
			}
		};
		follow('cli/review.ts');
		const packages = [...reached].filter((one) => !one.endsWith('.ts') && !one.startsWith('node:'));
		const typesOnly = ['sarif'];
		const loaded = ['cel-js', 'commander', 'fast-json-patch', 'jsonc-parser', 'semver', 'yaml'];
		expect(packages).to.have.members([...typesOnly, ...loaded]);
	});

	it('cel-js is imported at start by serve alone: loading it takes as long as a short review', () => {
		const importing = files.filter((file) =>
			/^import (?!type ).*'cel-js'/m.test(readFileSync(join(SRC, file), 'utf8')),
		);
		expect(importing).to.deep.equal(['server/serve.ts']);
	});

	it('only cli, server and main see the process', () => {
		const seeing = files.filter((file) => /\bprocess\./.test(readFileSync(join(SRC, file), 'utf8')));
		expect(seeing.filter((file) => file !== 'main.ts' && !isWiring(file))).to.deep.equal([]);
	});

	it('the pure folders do no I/O: of Node they import only a hash, deep equality, and what loads cel-js when a rule needs it', () => {
		const pure = files.filter((file) => /^(api|policy|text|objects|admission)\//.test(file));
		const taken = pure.flatMap((file) => importsOf(file).filter((specifier) => specifier.startsWith('node:')));
		expect(new Set(taken)).to.deep.equal(new Set(['node:crypto', 'node:util', 'node:module']));
	});
});
