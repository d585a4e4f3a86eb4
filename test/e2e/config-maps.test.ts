/** RunConfig ConfigMaps on a real API server: what is written, that nothing else moves, and how large it may be. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../harness/eventually.ts';
import { serverManifest } from '../harness/namespace.ts';
import { type Owner, runConfigMap } from '../harness/operator-writes.ts';
import { useProduct } from '../harness/use-product.ts';

const RUN_CONFIG = `{
  "schema_version": "v0.1.0",
  "name": "search",
  "big": 12345678901234567890,
  "env_vars": {
    "URL": "https://a.example/?a=1\\u0026b=\\u003c2\\u003e"
  },
  "middleware_configs": [
    {
      "type": "recovery",
      "parameters": null
    }
  ]
}`;

const SCALING = `,
  "backend_replicas": 0,
  "session_redis": {
    "address": "redis.mcp.svc:6379",
    "db": 0
  },
  "scaling_config": {
    "backend_replicas": 0,
    "session_redis": {
      "address": "redis.mcp.svc:6379",
      "db": 0
    }
  }
}`;

describe('RunConfig ConfigMaps on a real API server', function () {
	this.timeout(60_000);
	const { namespace } = useProduct('run-configs');

	const server = async (name: string, spec: object): Promise<Owner> => {
		const { metadata } = await namespace.create(serverManifest('MCPServer', name, { transport: 'sse', ...spec }));
		return { kind: 'MCPServer', name, namespace: namespace.name, uid: metadata.uid };
	};

	it('a RunConfig › it gets the scaling fields and a new checksum; every other byte stays', async () => {
		const storage = {
			provider: 'redis',
			address: 'redis.mcp.svc:6379',
			passwordRef: { name: 'redis-secret', key: 'pass' },
		};
		const owner = await server('search', { backendReplicas: 0, sessionStorage: storage });
		const stored = await namespace.create(runConfigMap(owner, RUN_CONFIG), 'operator');
		const text: string = stored['data']['runconfig.json'];
		expect(text).to.equal(`${RUN_CONFIG.slice(0, -2)}${SCALING}`);
		expect(text).not.to.match(/redis-secret|pass/);
		expect(stored.metadata.annotations?.['toolhive.stacklok.dev/content-checksum']).to.equal(checksumOf(stored));

		// The operator compares, finds a difference, and writes its own again: nothing may come of it.
		const replace = ['replace', '--field-manager=kubectl-create', '-f', '-'];
		const put = await namespace.kubectl(replace, runConfigMap(owner, RUN_CONFIG), 'operator');
		expect(put.code).to.equal(0);
		const again = await namespace.get('configmap', 'search-runconfig');
		expect(again.metadata.resourceVersion).to.equal(stored.metadata.resourceVersion);
	});

	it('a large RunConfig › it gets the fields as well', async () => {
		const owner = await server('large', { backendReplicas: 2 });
		const variables = Array.from({ length: 9_000 }, (_, index) => `    "VARIABLE_${index}": "value of the variable"`);
		const text = `{\n  "env_vars": {\n${variables.join(',\n')}\n  }\n}`;
		const { data } = await namespace.create(runConfigMap(owner, text), 'operator');
		expect(JSON.parse(data['runconfig.json'])).to.include({ backend_replicas: 2 });
	});

	it('a server of 2.9 MiB, created and updated › both webhooks take it', async () => {
		const spec = { transport: 'sse', replicas: 2, notes: 'x'.repeat(2.9 * 1024 * 1024) };
		// The API server takes 3 MiB, etcd keeps 1.5: a dry run has all of the way but the last step.
		const dryRun = ['--dry-run=server', '-f', '-'];
		const created = await namespace.kubectl(['create', ...dryRun], serverManifest('MCPServer', 'huge', spec));
		expect(created.stderr).to.contain('(session-storage-missing)');
		expect(created.code).to.equal(0);
		await namespace.create(serverManifest('MCPServer', 'huge', { ...spec, notes: 'x'.repeat(1.3 * 1024 * 1024) }));
		// Again where the reconciler wrote its condition between kubectl's reading and writing.
		await eventually(async () => {
			const huge = serverManifest('MCPServer', 'huge', spec);
			const updated = await namespace.kubectl(['replace', ...dryRun], huge, 'operator');
			expect(updated.code, updated.stderr).to.equal(0);
		});
	});
});

/** The operator's rule once more, from its description: data, labels, annotations without the checksum itself. */
function checksumOf(stored: { readonly [key: string]: unknown }): string {
	const { labels } = stored['metadata'] as { labels: Record<string, string> };
	const hash = createHash('sha256');
	for (const map of [stored['data'] as Record<string, string>, labels]) {
		for (const key of Object.keys(map).sort()) hash.update(key + map[key]);
	}
	return hash.digest('hex');
}
