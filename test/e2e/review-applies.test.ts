/** `thv-scaling review -o yaml FOLDER | kubectl apply -f -` stores the same objects as the webhooks would. */
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
	...['deployment-http-three-replicas-redis', 'deployment-password-in-plain', 'deployment-stdio-three-replicas'],
	...['run-config-redis-off-default-redis', 'run-config-unreadable', 'vmcp-operator-filled'],
];

/** Values that review must not change: words that look like other types, every digit, and every kind of line end. */
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

/**
 * Returns the arguments for `kubectl apply`. Cases use server-side apply, because client-side apply writes its input
 * into an annotation, and the operator's checksum for a ConfigMap includes the annotations.
 */
const apply = (name: string): string[] => ['apply', `--server-side=${CASES.includes(name)}`, '-R', '-f'];

/** Removes the fields that differ between namespaces, and the annotation with the input of kubectl. */
function comparable({ metadata, status: _, ...object }: Stored): object {
	const { uid, resourceVersion, generation, ...kept } = metadata;
	const { namespace: _1, creationTimestamp: _2, managedFields: _3, ...named } = kept as Record<string, unknown>;
	const { 'kubectl.kubernetes.io/last-applied-configuration': _4, ...annotations } = metadata.annotations ?? {};
	return { ...object, metadata: { ...named, annotations } };
}

describe('review -o yaml on a real API server', function () {
	this.timeout(240_000);
	const { namespace, plane, product } = useProduct('review-webhooks', { flags: ['--reconcile=false'] });
	const plain = useNamespace(plane, 'review-plain');
	const folders = new Map<string, string>();
	const byWebhooks = new Map<string, object[]>();
	const byReview = new Map<string, object[]>();

	const itemsIn = async ({ kubectl }: Namespace): Promise<Stored[]> =>
		JSON.parse((await mustSucceed(kubectl(['get', KINDS, '-o', 'json']))).stdout).items;
	/** Returns the objects in the namespace, and deletes them. */
	const taken = async (from: Namespace): Promise<object[]> => {
		const items = await itemsIn(from);
		await mustSucceed(from.kubectl(['delete', KINDS, '--all', '--wait=true']));
		return items.map(comparable);
	};
	/** Returns the text of a case. Creates its servers, because the API server requires the uid of an owner. */
	const caseText = async (name: string): Promise<string> => {
		const text = readText(`test/cases/${name}/in.yaml`).replaceAll(/^ *namespace: demo\n/gm, '');
		if (!text.includes('controller: true')) return text;
		const [servers = ''] = text.split(/^---\n(?=apiVersion: (?:v1|apps\/v1)\n)/m);
		await mustSucceed(namespace.kubectl(['apply', '--server-side', '-f', '-'], servers));
		const uid = (await itemsIn(namespace))[0]?.metadata.uid ?? '00000000-0000-4000-8000-000000000000';
		return text.replaceAll(/- \{ (?=.*\bcontroller: true)/g, `- { uid: ${uid}, `);
	};

	before('everything applied with and without webhooks', async () => {
		for (const name of [...CASES, 'examples', 'hostile']) {
			const folder = mkdtempSync(join(tmpdir(), `review-applies-${name}-`));
			folders.set(name, folder);
			if (name === 'examples') cpSync(join(ROOT, 'examples'), folder, { recursive: true });
			else writeFileSync(join(folder, 'in.yaml'), name === 'hostile' ? HOSTILE : await caseText(name));
			const { code, stderr } = await namespace.kubectl([...apply(name), folder]);
			// The webhooks refuse some examples.
			if (name !== 'examples') expect(code, `${name}: ${stderr}`).to.equal(0);
			byWebhooks.set(name, await taken(namespace));
		}
		await product().deleteWebhooks();
		for (const [name, folder] of folders) {
			const { code, stdout, stderr } = await startProgram(['review', '-o', 'yaml', folder]).ended;
			expect(code, `${name}: ${stderr}`).to.equal(name === 'examples' ? 1 : 0);
			await mustSucceed(plain.kubectl([...apply(name), '-'], stdout));
			byReview.set(name, await taken(plain));
		}
	});
	after(() => {
		for (const folder of folders.values()) rmSync(folder, { recursive: true });
	});

	for (const name of [...CASES, 'examples', 'hostile']) {
		it(`${name} › the output of review is applied › the same objects are stored as with the webhooks`, () => {
			expect(byReview.get(name)).to.have.length.at.least(1);
			expect(byReview.get(name)).to.deep.equal(byWebhooks.get(name));
			// Without webhooks and without review, the Deployment would have 3 replicas.
			if (name === 'deployment-stdio-three-replicas')
				expect(JSON.stringify(byReview.get(name))).to.include('"replicas":1,');
		});
	}
});
