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
const textOf = (file: string): string => (file.endsWith('.ts') ? read(`src/${file}`) : '');
const folderOf = (file: string): string => file.split('/')[0] ?? '';
/** Whether the folder of the file may import everything. */
const isWiring = (file: string): boolean => /^(cli|server)\//.test(file);
const importsOf = (file: string): string[] =>
	[...textOf(file).matchAll(/\b(?:from|import) '([^']+)'|\bimport\('([^']+)'\)/g)].map(
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
	it('each file › imports what the table allows; from cluster, only types of the folders whose interfaces it has', () => {
		const wrong = files.flatMap((file) => {
			if (!file.includes('/') || isWiring(file)) return [];
			const allowed = table.get(folderOf(file)) ?? [];
			const loaded = file.startsWith('cluster/')
				? textOf(file).match(/^import (?!type ).* from '\.\.\/(?!api\/).*/gm)
				: [];
			const others = importsOf(file).filter((one) => !targetsOf(file, one).every((target) => allowed.includes(target)));
			return [...(loaded ?? []), ...others].map((one) => `${file}: ${one}`);
		});
		expect(wrong).to.deep.equal([]);
	});
	it('exported names › each is exported by only one file', () => {
		const exported = /^export (?:async )?(?:function\*?|const|type|interface|class) (\w+)/gm;
		const names = files.flatMap((file) => [...textOf(file).matchAll(exported)].map(([, name]) => name));
		expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
	});
	it('review and crds › load no Kubernetes client and no server, which take longer than a review', () => {
		const reached = new Set<string>();
		const follow = (file: string): void => {
			if (reached.has(file)) return;
			reached.add(file);
			for (const one of importsOf(file)) follow(one.startsWith('.') ? join(file, '..', one) : packageOf(one));
		};
		for (const file of ['cli/review.ts', 'cli/crds.ts']) follow(file);
		const packages = [...reached].filter((one) => !one.endsWith('.ts') && !one.startsWith('node:'));
		const loaded = ['cel-js', 'commander', 'fast-json-patch', 'jsonc-parser', 'semver', 'yaml'];
		expect(packages).to.have.members(['sarif', ...loaded]);
	});
	it('cel-js › imported at start only by serve: loading it takes as long as a short review', () =>
		expect(files.filter((file) => /^import (?!type ).*'cel-js'/m.test(textOf(file)))).to.deep.equal([
			'server/serve.ts',
		]));
	it('process › used only by cli, server and main', () =>
		expect(files.filter((file) => /\bprocess\./.test(textOf(file)) && !isWiring(file))).to.deep.equal(['main.ts']));
	it('api, policy, text, objects and admission › no I/O; from Node only a hash, deep equality, and a loader for cel-js', () => {
		const pure = files.filter((file) => /^(api|policy|text|objects|admission)\//.test(file));
		const modules = pure.flatMap(importsOf).filter((specifier) => specifier.startsWith('node:'));
		expect(new Set(modules)).to.have.all.keys('node:crypto', 'node:util', 'node:module');
	});
});
