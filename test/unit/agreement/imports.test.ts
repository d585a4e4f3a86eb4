/** Compares the imports in src/ with the table in CONTRIBUTING.md. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, read } from '../../harness/documents.ts';

/** Maps a folder of src/ to the folders and packages that it may import. */
const table = new Map(
	[...read('CONTRIBUTING.md').matchAll(/^\| `src\/(\w+)` \|[^|]*\| ([^|]*) \|$/gm)].map(
		([, folder = '', allowed = '']) => [folder, [...allowed.matchAll(/`([^`]+)`/g)].map(([, name]) => name)] as const,
	),
);

const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
	file.endsWith('.ts'),
);
const textOf = (file: string): string => read(`src/${file}`);
const folderOf = (file: string): string => file.split('/')[0] ?? '';
/** Whether the folder of the file may import everything. */
const isWiring = (file: string): boolean => /^(cli|server)\//.test(file);
const importsOf = (file: string): string[] =>
	[...textOf(file).matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)/g)].map(
		([, plain, dynamic]) => plain ?? dynamic ?? '',
	);

/** Returns the package of an import: `semver/functions/lt.js` is in `semver`. */
const packageOf = (specifier: string): string => /^(node:.*|(@[^/]+\/)?[^/]+)/.exec(specifier)?.[0] ?? '';

/**
 * Returns the target of an import: another folder, such as `policy` for `../policy/decide.ts`, or a package. Returns
 * nothing for the same folder and for node: modules.
 */
function targetsOf(file: string, specifier: string): string[] {
	if (specifier.startsWith('node:')) return [];
	const target = specifier.startsWith('.') ? folderOf(join(file, '..', specifier)) : packageOf(specifier);
	return target === folderOf(file) ? [] : [target];
}

describe('imports in src', () => {
	it('the table › has every folder', () => {
		const folders = files.filter((file) => file.includes('/')).map(folderOf);
		expect([...table.keys()]).to.have.members([...new Set(folders)]);
	});
	for (const file of files.filter((one) => one.includes('/') && !isWiring(one))) {
		it(`src/${file} › imports what the table allows`, () => {
			const targets = importsOf(file).flatMap((specifier) => targetsOf(file, specifier));
			expect(table.get(folderOf(file))).to.include.members(targets);
		});
	}
	it('src/cluster › only types from the folders whose interfaces it implements', () => {
		for (const file of files.filter((one) => one.startsWith('cluster/'))) {
			const loaded = [...textOf(file).matchAll(/^import (?!type ).* from '\.\.\/(\w+)\//gm)].map(
				([, folder]) => folder,
			);
			expect(new Set(['api', ...loaded]), file).to.have.all.keys('api');
		}
	});
	it('exported names › each is exported by only one file', () => {
		const exported = /^export (?:async )?(?:function\*?|const|type|interface|class) (\w+)/gm;
		const names = files.flatMap((file) => [...textOf(file).matchAll(exported)].map(([, name]) => name));
		expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
	});
	it('review › loads no Kubernetes client and no server, which take longer than a review', () => {
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
		const onlyTypes = ['sarif'];
		const loaded = ['cel-js', 'commander', 'fast-json-patch', 'jsonc-parser', 'semver', 'yaml'];
		expect(packages).to.have.members([...onlyTypes, ...loaded]);
	});
	it('cel-js › imported at start only by serve: loading it takes as long as a short review', () => {
		const importing = files.filter((file) => /^import (?!type ).*'cel-js'/m.test(textOf(file)));
		expect(importing).to.deep.equal(['server/serve.ts']);
	});
	it('process › used only by cli, server and main', () => {
		const using = files.filter((file) => /\bprocess\./.test(textOf(file)) && !isWiring(file));
		expect(using).to.have.members(['main.ts']);
	});
	it('api, policy, text, objects and admission › no I/O; from Node only a hash, deep equality, and a loader for cel-js', () => {
		const pure = files.filter((file) => /^(api|policy|text|objects|admission)\//.test(file));
		const modules = pure.flatMap(importsOf).filter((specifier) => specifier.startsWith('node:'));
		expect(new Set(modules)).to.have.all.keys('node:crypto', 'node:util', 'node:module');
	});
});
