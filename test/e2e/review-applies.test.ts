/** `thv-scaling review -o yaml FOLDER | kubectl apply -f -` stores what the webhooks would have stored. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before } from 'mocha';
import { type Namespace, type Stored, useNamespace } from '../harness/namespace.ts';
import { mustSucceed, ROOT, readText } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import { useProduct } from '../harness/use-product.ts';

const CASES = [
	'deployment-http-three-replicas-redis',
	'deployment-password-in-plain',
	'deployment-stdio-three-replicas',
	'run-config-redis-off-default-redis',
	'run-config-unreadable',
	'vmcp-operator-filled',
];

/** What no review may touch on its way through: words that look like others, every digit, every kind of line. */
const HOSTILE = `apiVersion: toolhive.stacklok.dev/v1beta1
kind: MCPServer
metadata:
  name: hostile
  annotations:
    a.example.com/no: "no"
    a.example.com/octal: '0o17'
    a.example.com/time: '12:30'
    a.example.com/blanks: "  a\\n \\tb \\n\\n"
    a.example.com/odd: "\\x7f \\u0085 \\u2028 \\ufeff \\U0001F600"
    a.example.com/json: |+
      {"a": 9007199254740993}

      ---
      {{ .Values.a }}
spec: {image: ghcr.io/example/mcp:1.0.0, transport: sse, replicas: 0x2}
---\r
apiVersion: v1\r
kind: ConfigMap\r
metadata: {name: hostile-runconfig, labels: {on: 'off'}}\r
data:\r
  runconfig.json: |\r
    {"transport": "sse", "big": 12345678901234567890}\r
  <<: &x {on: 'on'}\r
  "1_000": "~"\r
`;

const KINDS = 'mcpservers,virtualmcpservers,mcpremoteproxies,deployments,configmaps';

/** In the namespace of whoever applies it. */
const caseText = (name: string): string =>
	readText(`test/cases/${name}/in.yaml`).replaceAll(/^ *namespace: demo\n/gm, '');

/**
 * The operator's checksum of a ConfigMap covers its annotations, and kubectl's own apply notes its input in one: only where
 * nothing is noted can two ways to the same object give the same checksum.
 */
const apply = (name: string): string[] => ['apply', `--server-side=${CASES.includes(name)}`, '-R', '-f'];

/** Without what is different in any two namespaces, and without what kubectl notes of its own input. */
function comparable({ metadata, status: _, ...object }: Stored): object {
	const { uid, resourceVersion, generation, ...kept } = metadata;
	const { namespace: _1, creationTimestamp: _2, managedFields: _3, ...named } = kept as Record<string, unknown>;
	const { 'kubectl.kubernetes.io/last-applied-configuration': _4, ...annotations } = metadata.annotations ?? {};
	return { ...object, metadata: { ...named, annotations } };
}

describe('review -o yaml on a real API server', function () {
	this.timeout(240_000);
	const stage = useProduct('review-hooks', { flags: ['--reconcile=false'] });
	const plain = useNamespace(stage.plane, 'review-plain');
	const folders = new Map<string, string>();
	const withHooks = new Map<string, object[]>();
	const reviewed = new Map<string, object[]>();

	const folderOf = (name: string): string => {
		const folder = mkdtempSync(join(tmpdir(), `review-applies-${name}-`));
		folders.set(name, folder);
		return folder;
	};
	/** What is in the namespace, which is empty afterwards. */
	const taken = async (namespace: Namespace): Promise<object[]> => {
		const { stdout } = await mustSucceed(namespace.kubectl(['get', KINDS, '-o', 'json']));
		await mustSucceed(namespace.kubectl(['delete', KINDS, '--all', '--wait=true']));
		return (JSON.parse(stdout) as { items: Stored[] }).items.map(comparable);
	};
	/** The API server wants the uid of an owner, which nobody knows before it is there. */
	const withUids = async (text: string): Promise<string> => {
		const [servers = ''] = text.split(/^---\n(?=apiVersion: (?:v1|apps\/v1)\n)/m);
		if (!text.includes('controller: true')) return text;
		await mustSucceed(stage.namespace.kubectl(['apply', '--server-side', '-f', '-'], servers));
		const { stdout } = await mustSucceed(stage.namespace.kubectl(['get', KINDS, '-o', 'json']));
		const [server] = (JSON.parse(stdout) as { items: Stored[] }).items;
		const uid = server?.metadata.uid ?? '00000000-0000-4000-8000-000000000000';
		return text.replaceAll(/- \{ (?=.*\bcontroller: true)/g, `- { uid: ${uid}, `);
	};

	before('everything applied twice', async () => {
		const withWebhooks = async (name: string, folder: string): Promise<void> => {
			// Some of examples/ is refused, which is no failure here.
			const { code, stderr } = await stage.namespace.kubectl([...apply(name), folder]);
			if (name !== 'examples') expect(code, `${name}: ${stderr}`).to.equal(0);
			withHooks.set(name, await taken(stage.namespace));
		};
		for (const name of CASES) {
			const folder = folderOf(name);
			writeFileSync(join(folder, 'in.yaml'), await withUids(caseText(name)));
			await withWebhooks(name, folder);
		}
		const [examples, hostile] = [folderOf('examples'), folderOf('hostile')];
		cpSync(join(ROOT, 'examples'), examples, { recursive: true });
		await withWebhooks('examples', examples);
		writeFileSync(join(hostile, 'in.yml'), HOSTILE);
		await withWebhooks('hostile', hostile);

		// Without them.
		await stage.product().deleteWebhooks();
		for (const [name, folder] of folders) {
			const { code, stdout, stderr } = await startProgram(['review', '-o', 'yaml', folder]).ended;
			expect(code, `${name}: ${stderr}`).to.equal(name === 'examples' ? 1 : 0);
			await mustSucceed(plain.kubectl([...apply(name), '-'], stdout));
			reviewed.set(name, await taken(plain));
		}
	});
	after(() => {
		for (const folder of folders.values()) rmSync(folder, { recursive: true });
	});

	for (const name of [...CASES, 'examples', 'hostile']) {
		it(`${name} › what review prints, applied › stored as with the webhooks`, () => {
			expect(reviewed.get(name)).to.have.length.at.least(1);
			expect(reviewed.get(name)).to.deep.equal(withHooks.get(name));
			// Without webhooks and without review it would be 3.
			if (name !== 'deployment-stdio-three-replicas') return;
			expect(JSON.stringify(reviewed.get(name))).to.include('"replicas":1,');
		});
	}
});
