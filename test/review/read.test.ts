import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { isProblem, type Problem, problemText } from '../../src/review/problem.ts';
import { type Input, inputsOf, STDIN, sourcesIn } from '../../src/review/read.ts';

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
	const namesOf = (inputs: readonly (Input | Problem)[]): string[] =>
		inputs.map((one) => (isProblem(one) ? problemText(one) : one.name.replace(`${folder}/`, '')));
	const skipped: string[] = [];
	const inputs = async (paths: string[], stdin = nothing) =>
		inputsOf(paths, stdin, (place) => skipped.push(place.replace(`${folder}/`, '')));
	const documentsOf = async (path: string): Promise<{ texts: string[]; skipped: string[] }> => {
		const skipped: string[] = [];
		const texts: string[] = [];
		for (const input of await inputs([path])) {
			if (isProblem(input)) texts.push(problemText(input));
			else {
				for await (const one of sourcesIn(input, (place) => skipped.push(place.replace(`${folder}/`, '')))) {
					texts.push(isProblem(one) ? problemText(one).replace(`${folder}/`, '') : one.text);
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
		expect(namesOf(await inputs([join(folder, 'dead')])).map((name) => name.replace(`${folder}/`, ''))).to.deep.equal([
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
	it('an empty folder is told', async () => {
		mkdirSync(join(folder, 'empty'));
		expect(namesOf(await inputs([join(folder, 'empty')]))[0]).to.include('no *.yaml, *.yml or *.json in this folder');
	});
	it('- is stdin, once, and can be read twice', async () => {
		const [input, ...others] = await inputs(['-', '-'], piped);
		expect(others).to.deep.equal([]);
		if (input === undefined || isProblem(input)) throw new Error('no input');
		expect(input.name).to.equal(STDIN);
		for (const _ of [1, 2]) {
			const found = [];
			for await (const one of sourcesIn(input, () => undefined)) found.push(one);
			expect(found).to.have.length(1);
		}
	});
	it('what is no file of the disk can be read twice too', async () => {
		const pipe = join(folder, 'pipe');
		execFileSync('mkfifo', [pipe]);
		const written = writeTo('sh', ['-c', 'cat > "$1"', 'sh', pipe], MANIFEST);
		const [input] = await inputs([pipe]);
		await written;
		if (input === undefined || isProblem(input)) throw new Error('no input');
		for (const _ of [1, 2]) {
			const found = [];
			for await (const one of sourcesIn(input, () => undefined)) found.push(one);
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
			skipped: ['mixed/values.yaml:1'],
		});
	});
	it('the templates of a chart are left out, and told', async () => {
		put('repo/chart/Chart.yaml', 'apiVersion: v2\nname: web\n');
		put('repo/chart/templates/server.yaml', 'kind: {{ .Values.kind }}\n');
		put('repo/templates/a.yaml', MANIFEST);
		expect(namesOf(await inputs([join(folder, 'repo')]))).to.deep.equal([
			'repo/chart/Chart.yaml',
			'repo/templates/a.yaml',
		]);
		expect(skipped).to.deep.equal(['repo/chart/templates (a Helm chart: review what `helm template` prints)']);
	});
	it('what is for kustomize is left out of a folder, and told', async () => {
		put('kustomized/a.yaml', MANIFEST);
		put('kustomized/kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n');
		const { texts, skipped } = await documentsOf(join(folder, 'kustomized'));
		expect([texts, skipped]).to.deep.equal([[MANIFEST], ['kustomized/kustomization.yaml:1']]);
	});
	it('a file that was named is read, whatever is in it', async () => {
		const file = put('values.yaml', 'replicas: 3\n');
		expect(await documentsOf(file)).to.deep.equal({ texts: ['replicas: 3\n'], skipped: [] });
	});
	for (const [what, bytes] of [
		['a program', Buffer.from('\x7fELF\0\0')],
		['UTF-16', Buffer.from('\ufeffkind: X', 'utf16le')],
		['half a character', Buffer.from([0x61, 0xc3])],
	] as const) {
		it(`${what} is no text`, async () => {
			const file = put('bytes.yaml', bytes);
			expect((await documentsOf(file)).texts).to.deep.equal([
				'bytes.yaml: this is no UTF-8 text; is it a binary file, or UTF-16?',
			]);
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
