import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { run as runProgram } from '../../../src/cli/program.ts';
import { serverText } from '../../harness/review-command.ts';
import { createTerminal } from '../../harness/terminal.ts';

const SERVER = 'apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\n';
const TYPE = 'apiVersion: v1\nkind: ConfigMap\n';

/** Files as in a repository, each with its number of objects, and `:line` for each skipped document (`:` for a file). */
const FILES: readonly (readonly [name: string, text: string | Uint8Array, objects: number, ...skipped: string[]])[] = [
	['flux/apps.yaml', 'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: ./apps\n', 1],
	['flux/.sops.yaml', 'creation_rules: [\n', 0],
	['argo/agents.yaml', 'apiVersion: kagent.dev/v1\nkind: MCPServer\nspec: { replicas: -1, transport: stdio }\n', 1],
	['argo/list.yaml', 'apiVersion: v1\nkind: List\nitems: [3, {}, { apiVersion: v1, kind: Secret }]\n', 1, ':3', ':3'],
	['talos/controlplane.yaml', 'machine: {}\n---\napiVersion: v1alpha1\nkind: HostnameConfig\n', 1, ':1'],
	['chart/Chart.yaml', 'apiVersion: v2\nname: search\nversion: 0.1.0\n', 0, ':1'],
	['chart/templates/server.yaml', `${SERVER}metadata: { name: {{ .Values.x }} }\n`, 0],
	['unlabelled/deployment.yaml', `${TYPE}metadata:\n  name: {{ include "x" . }}\n`, 0, ':4:10'],
	['kustomize/delete.yaml', '$patch: delete\napiVersion: v1\nkind: Service\nmetadata: { name: 7 }\n', 1],
	['app/tsconfig.json', '{\n  // kind: of comment\n  "strict": true, /* "apiVersion": "kind": */\n}\n', 0, ':2:12'],
	['app/latin1.yaml', Buffer.from('# \xe4\nkind: a\napiVersion: b\n', 'latin1'), 0, ':'],
	['app/review.json', '{ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {} }\n', 0, ':1'],
];
const OBJECTS = FILES.reduce((sum, [, , objects]) => sum + objects, 0);
const SKIPPED = [
	...FILES.flatMap(([name, , , ...places]) => places.map((place) => `${name}${place === ':' ? '' : place}`)),
	'chart/templates',
].sort();

const WARNED = serverText('search', '  replicas: 2');
const NAMELESS = WARNED.replace('  name: search\n', '');

describe('thv-scaling review › a repository', function () {
	this.timeout(60_000);
	let folder: string;
	const write = (name: string, text: string | Uint8Array): string => {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), text);
		return join(folder, name);
	};
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'thv-scaling-repository-'));
		for (const [name, text] of FILES) write(name, text);
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	async function review(path: string, stdin = '') {
		const terminal = createTerminal(stdin);
		const code = await runProgram(['review', path, '-o', 'json', '--verbose'], terminal);
		const { summary, problems = [] } = JSON.parse(terminal.stdoutText());
		return { code, summary, problems: problems.length, stderr: terminal.stderrText() };
	}

	it('a folder › the server is reviewed, the rest counted or skipped by name', async () => {
		write('servers/search.yaml', WARNED);
		const { code, summary, stderr } = await review(folder);
		expect(code, stderr).to.equal(0);
		const counts = { objects: OBJECTS + 1, mutated: 0, denied: 0, warnings: 1, skipped: SKIPPED.length };
		expect(summary).to.deep.equal(counts);
		const places = [...stderr.matchAll(/^thv-scaling: (.*?): skipped: \S.*$/gm)].map(([, place = '']) => place);
		expect(places.map((place) => place.slice(folder.length + 1)).sort()).to.deep.equal(SKIPPED);
	});
	for (const [title, server, code, problems] of [
		['is denied', serverText('search', '  replicas: -1'), 1, 0],
		['cannot be parsed', `${WARNED}  - a\n`, 2, 1],
		['has no name, as a patch for kustomize', NAMELESS, 0, 0],
	] as const)
		it(`a folder › the server ${title} › exit code ${code}`, async () => {
			write('servers/search.yaml', server);
			const found = await review(folder);
			expect(found, found.stderr).to.deep.include({ code, problems });
			if (server === NAMELESS) expect(found.stderr).to.match(/MCPServer without a name.*kubectl kustomize/);
		});
	it('stdin or a named file › the server has no name › exit code 2', async () => {
		expect(await review('-', NAMELESS)).to.deep.include({ code: 2, problems: 1 });
		expect(await review(write('patch.yaml', NAMELESS))).to.deep.include({ code: 2, problems: 1 });
	});
});
