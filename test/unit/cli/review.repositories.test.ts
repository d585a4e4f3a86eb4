import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { run as runProgram } from '../../../src/cli/program.ts';
import { serverText } from '../../harness/review-command.ts';
import { createTerminal } from '../../harness/terminal.ts';

const SERVER = 'apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\n';
const KUSTOMIZE = 'apiVersion: kustomize.config.k8s.io/v1beta1\n';
const TYPE = 'apiVersion: v1\nkind: ConfigMap\n';

/**
 * Files as in repositories for Flux, Argo CD, Talos, Helm charts, kustomize and an application. A row has the name, the
 * text, the number of objects, and `:line` for each skipped document (`:` for a skipped file).
 */
const FILES: readonly (readonly [name: string, text: string | Uint8Array, objects: number, ...skipped: string[]])[] = [
	['flux/kustomization.yaml', 'resources: [apps.yaml]\n', 0, ':1'],
	['flux/apps.yaml', 'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: ./apps\n', 1],
	['flux/.sops.yaml', 'creation_rules: [\n', 0],
	['flux/renovate.json', '{ "extends": ["config:recommended"], "kind:": "apiVersion:" }\n', 0, ':1'],
	['argo/app.yaml', `apiVersion: argoproj.io/v1\nkind: Application\nspec: { x: { kind: MCPServer } }\n`, 1],
	['argo/agents.yaml', 'apiVersion: kagent.dev/v1\nkind: MCPServer\nspec: { replicas: -1, transport: stdio }\n', 1],
	['argo/empty-list.yaml', 'apiVersion: v1\nkind: List\n', 0],
	['argo/list.yaml', 'apiVersion: v1\nkind: List\nitems: [3, {}, { apiVersion: v1, kind: Secret }]\n', 1, ':3', ':3'],
	['talos/controlplane.yaml', 'machine: {}\n---\napiVersion: v1alpha1\nkind: HostnameConfig\n', 1, ':1'],
	['talos/talconfig.yaml', 'clusterName: home\n---\n---\n# nothing\n', 0, ':1'],
	['chart/Chart.yaml', 'apiVersion: v2\nname: search\nversion: 0.1.0\n', 0, ':1'],
	['chart/values.schema.json', '{ "properties": { "kind": { "type": "string" }, "apiVersion": {} } }\n', 0, ':1'],
	['chart/templates/server.yaml', `${SERVER}metadata: { name: {{ .Values.x }} }\n`, 0],
	['chart/templates/tests/test.yaml', '{{- if .Values.test }}\n', 0],
	[
		'chart/crds/crd.yaml',
		'apiVersion: x/v1\nkind: CustomResourceDefinition\nspec: { names: { kind: MCPServer } }\n',
		1,
	],
	['unlabelled/deployment.yaml', `${TYPE}metadata:\n  name: {{ include "x" . }}\n`, 0, ':4:10'],
	['rendered.yaml', `${TYPE}data:\n  inner.yaml: |\n    kind: MCPServer\n  template: "{{ .x }}"\n`, 1],
	['kustomize/kustomization.yaml', `${KUSTOMIZE}kind: Component\npatches: [{ path: patch.yaml }]\n`, 0, ':1'],
	['kustomize/delete.yaml', '$patch: delete\napiVersion: v1\nkind: Service\nmetadata: { name: 7 }\n', 1],
	['app/tsconfig.json', '{\n  // kind: of comment\n  "strict": true, /* "apiVersion": "kind": */\n}\n', 0, ':2:12'],
	['app/latin1.yaml', Buffer.from('# \xe4\nkind: a\napiVersion: b\n', 'latin1'), 0, ':'],
	['app/twice.yaml', `${TYPE}metadata: { name: a, name: a }\n`, 0, ':3:22'],
	['app/review.json', '{ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {} }\n', 0, ':1'],
	['app/odd.yaml', `%YAML 1.2\n---\n${TYPE}--- # fine\n${TYPE}----\n${TYPE}...\nlost: 1\n`, 3, ':1', ':8', ':12'],
	['app/long.json', `[\n"${'kind: apiVersion: '.repeat(600_000)}"]\n`, 0, ':1'],
];
const OBJECTS = FILES.reduce((sum, [, , objects]) => sum + objects, 0);
const SKIPPED = [
	...FILES.flatMap(([name, , , ...places]) => places.map((place) => `${name}${place === ':' ? '' : place}`)),
	'chart/templates',
].sort();

const WARNED = serverText('search', '  replicas: 2');
const DENIED = serverText('search', '  replicas: -1');
const NAMELESS = WARNED.replace('  name: search\n', '');
const UNPARSABLE = `${WARNED}  - a\n`;

interface Report {
	readonly objects: readonly {
		readonly apiVersion: string;
		readonly verdict: string;
		readonly warnings: readonly { readonly id: string }[];
	}[];
	readonly summary: Readonly<Record<string, number>>;
	readonly problems?: readonly unknown[];
}

async function review(args: readonly string[], stdin?: Uint8Array) {
	const terminal = createTerminal(stdin);
	const code = await runProgram(['review', ...args, '-o', 'json', '--verbose'], terminal);
	const { objects, summary, problems = [] } = JSON.parse(terminal.stdoutText()) as Report;
	const servers = objects
		.filter(({ apiVersion }) => apiVersion.startsWith('toolhive.stacklok.dev/'))
		.map(({ verdict, warnings }) => `${verdict} ${warnings.map(({ id }) => id)}`.trim());
	return { code, summary, servers, problems: problems.length, stderr: terminal.stderrText() };
}
const REVIEWED = ['unchanged session-storage-missing'];

async function inFolder<T>(
	files: Readonly<Record<string, string | Uint8Array>>,
	use: (folder: string) => Promise<T>,
): Promise<T> {
	const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-repository-'));
	try {
		for (const [name, text] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, name)), { recursive: true });
			writeFileSync(join(folder, name), text);
		}
		return await use(folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
}
const repositoryWith = (server: string) => ({
	...Object.fromEntries(FILES.map(([name, text]) => [name, text])),
	'servers/search.yaml': server,
});

describe('thv-scaling review › a repository', function () {
	this.timeout(60_000);

	it('a folder › the server is reviewed, the rest counted or skipped by name', async () => {
		await inFolder(repositoryWith(WARNED), async (folder) => {
			const { code, summary, servers, stderr } = await review([folder]);
			expect({ code, servers }, stderr).to.deep.equal({ code: 0, servers: REVIEWED });
			const counts = { objects: OBJECTS + 1, mutated: 0, denied: 0, warnings: 1, skipped: SKIPPED.length };
			expect(summary).to.deep.equal(counts);
			const places = [...stderr.matchAll(/^thv-scaling: (.*?): skipped: \S.*$/gm)].map(([, place = '']) => place);
			expect(places.map((place) => place.slice(folder.length + 1)).sort()).to.deep.equal(SKIPPED);
			expect(stderr.trim().split('\n')).to.have.length(SKIPPED.length);
		});
	});
	for (const [title, server, code, servers, problems] of [
		['the server is denied', DENIED, 1, ['denied'], 0],
		['the server cannot be parsed', UNPARSABLE, 2, [], 1],
		['the server has no name, as a patch for kustomize', NAMELESS, 0, [], 0],
	] as const)
		it(`a folder › ${title} › ${code}`, async () => {
			const found = await inFolder(repositoryWith(server), (folder) => review([folder]));
			expect(found).to.deep.include({ code, servers, problems });
			if (server === NAMELESS) expect(found.stderr).to.match(/MCPServer without a name.*kubectl kustomize/);
		});
	it('every file is named › the same objects', async () => {
		await inFolder(repositoryWith(WARNED), async (folder) => {
			const paths = Object.keys(repositoryWith('')).filter((file) => !/\/(\.|templates\/)/.test(file));
			const { summary, servers } = await review(paths.map((file) => join(folder, file)));
			expect({ servers, objects: summary['objects'] }).to.deep.equal({ servers: REVIEWED, objects: OBJECTS + 1 });
		});
	});
	it('a stream or a named file › the server has no name › 2', async () => {
		expect(await review(['-'], Buffer.from(NAMELESS))).to.deep.include({ code: 2, problems: 1 });
		await inFolder({ 'patch.yaml': NAMELESS, 'other.yaml': WARNED }, async (folder) => {
			const found = await review([join(folder, 'patch.yaml'), join(folder, 'other.yaml')]);
			expect(found).to.deep.include({ code: 2, problems: 1 });
		});
	});

	const YAML = FILES.filter(([name]) => /^(flux|argo|talos|kustomize)\/[^.]/.test(name));
	const objects = YAML.reduce((sum, [, , count]) => sum + count, 1);
	const little = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
	for (const [encoding, encode] of [
		['UTF-8', (text: string) => Buffer.from(text)],
		['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
		['UTF-16LE', little],
		['UTF-16BE', (text: string) => little(text).swap16()],
	] as const) {
		it(`all YAML as one stream in ${encoding} › the server is reviewed, as in a file`, async () => {
			const bytes = encode([...YAML.map(([, text]) => text), WARNED].join('\n---\n'));
			const piped = await review(['-'], bytes);
			expect(piped, piped.stderr).to.deep.include({ code: 0, problems: 0, servers: REVIEWED });
			expect(piped.summary['objects']).to.equal(objects);
			const named = await inFolder({ 'all.yaml': bytes }, (folder) => review([join(folder, 'all.yaml')]));
			expect(named.summary).to.deep.equal(piped.summary);
		});
		it(`JSON as one stream in ${encoding} › the server is reviewed`, async () => {
			const spec = { transport: 'sse', replicas: 2 };
			const server = { apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', metadata: { name: 'a' }, spec };
			const found = await review(['-'], encode(`${JSON.stringify(server)}\n{"a":"😀"}`));
			expect(found).to.deep.include({ code: 0, servers: REVIEWED });
			expect(found.summary).to.include({ objects: 1, skipped: 1 });
		});
	}
});
