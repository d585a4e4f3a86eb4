/** `thv-scaling review -o yaml FOLDER | kubectl apply -f -` stores the same objects as the webhooks would. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after } from 'mocha';
import { type Namespace, type Stored, useNamespace } from '../harness/namespace.ts';
import { mustSucceed, ROOT } from '../harness/product.ts';
import { startProgram } from '../harness/program.ts';
import { useProduct } from '../harness/use-product.ts';

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

/** Removes the fields that differ between namespaces, and the annotation with the input of kubectl. */
function comparable({ metadata, status: _, ...object }: Stored): object {
	const { uid, resourceVersion, generation, ...kept } = metadata;
	const { namespace: _1, creationTimestamp: _2, managedFields: _3, ...named } = kept as Record<string, unknown>;
	const { 'kubectl.kubernetes.io/last-applied-configuration': _4, ...annotations } = metadata.annotations ?? {};
	return { ...object, metadata: { ...named, annotations } };
}

describe('review -o yaml on a real API server', function () {
	this.timeout(120_000);
	const { namespace, plane, product } = useProduct('review-webhooks', { flags: ['--reconcile=false'] });
	const plain = useNamespace(plane, 'review-plain');
	const folder = mkdtempSync(join(tmpdir(), 'review-applies-'));
	after(() => rmSync(folder, { recursive: true }));

	/** Returns the objects in the namespace. */
	const stored = async ({ kubectl }: Namespace): Promise<object[]> => {
		const { items } = JSON.parse((await mustSucceed(kubectl(['get', KINDS, '-o', 'json']))).stdout);
		return (items as Stored[]).map(comparable);
	};

	it('the examples and hostile values › the output of review is applied › stored unchanged, as the webhooks store the input', async () => {
		cpSync(join(ROOT, 'examples'), folder, { recursive: true });
		writeFileSync(join(folder, 'hostile.yaml'), HOSTILE);
		// The webhooks refuse some examples.
		await namespace.kubectl(['apply', '-R', '-f', folder]);
		const { code, stdout, stderr } = await startProgram(['review', '-o', 'yaml', folder]).ended;
		expect(code, stderr).to.equal(1);
		await product().deleteWebhooks();
		await mustSucceed(plain.kubectl(['apply', '-f', '-'], stdout));
		const byReview = await stored(plain);
		expect(byReview)
			.to.have.length.above(5)
			.and.deep.equal(await stored(namespace));
	});
});
