/**
 * Server-side apply together with an operator whose typed PUT erases the scaling fields. If a user removes
 * a field from git, the next apply must remove it from the cluster.
 */
import { expect } from 'chai';
import { DEFAULT_OPERATOR_USERNAME } from '../../src/api/names.ts';
import { openApi } from '../harness/api.ts';
import { eventually } from '../harness/eventually.ts';
import { type Stored, serverManifest } from '../harness/namespace.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const STORAGE = {
	...{ provider: 'redis', address: 'redis.mcp.svc:6379', db: 2 },
	passwordRef: { name: 's', key: 'k' },
};
const manifest = (spec: object) => serverManifest('MCPServer', 'search', spec);
const PLAIN = manifest({ transport: 'sse' });
/** The other fields of the server. One manager applies them, and another manager applies two more. */
const OF_FLUX = manifest({ transport: 'sse', replicas: 3, sessionStorage: STORAGE });
const OF_TEAM = { backendReplicas: 2, sessionStorage: { keyPrefix: 'thv:' } };

// biome-ignore lint/suspicious/noExplicitAny: any object that the API server stored
type Any = any;

describe('field managers on a real API server', function () {
	this.timeout(60_000);
	const { namespace, plane } = useProduct('field-managers');
	const as = (manager: string, verb: string, object: object) =>
		namespace.kubectl([verb, '--server-side', `--field-manager=${manager}`, '-f', '-'], object);
	const stored = async (): Promise<Stored> => {
		const args = ['get', 'mcpserver', 'search', '--show-managed-fields', '-o', 'json'];
		return JSON.parse((await mustSucceed(namespace.kubectl(args))).stdout) as Stored;
	};
	/** Returns the fields in `spec` that each manager owns, by the name of the manager. */
	const managers = async (): Promise<Record<string, Any>> => {
		const entries: Any[] = ((await stored()) as Any).metadata.managedFields;
		return Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1['f:spec']]));
	};
	/** Sends the typed PUT of an operator that does not know the scaling fields, except for those in `known`. */
	const erase = async (known: object = {}): Promise<void> => {
		const object = await stored();
		const { replicas: _1, backendReplicas: _2, sessionStorage: _3, ...spec } = object['spec'];
		const metadata = { ...object.metadata, finalizers: ['toolhive.stacklok.dev/finalizer'] };
		const path = `/apis/toolhive.stacklok.dev/v1alpha1/namespaces/${namespace.name}/mcpservers/search`;
		const api = openApi(plane());
		// `kubectl replace` would also write the annotation of client-side apply.
		const body = { ...object, apiVersion: 'toolhive.stacklok.dev/v1alpha1', metadata, spec: { ...spec, ...known } };
		const answer = await api.send('PUT', path, { as: DEFAULT_OPERATOR_USERNAME, body });
		api.close();
		expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
	};

	afterEach(async () => {
		// The finalizer would block the deletion of the namespace.
		const patch = '{"metadata":{"finalizers":null}}';
		await mustSucceed(namespace.kubectl(['patch', 'mcpserver', 'search', '--type=merge', '-p', patch]));
	});

	it('two managers, and a repeated PUT › the fields stay, each with its manager', async () => {
		await mustSucceed(as('flux', 'apply', OF_FLUX));
		await mustSucceed(as('team', 'apply', { ...PLAIN, spec: OF_TEAM }));
		// The reconciler writes its condition after 3 s, which would look like a write by the PUT.
		await eventually(async () => expect((await stored())['status']?.conditions).to.have.length(1));
		const before = await managers();
		await erase();
		const first = await stored();
		for (let round = 0; round < 3; round += 1) await erase();
		expect(await stored(), 'nothing is written').to.deep.equal(first);
		const sessionStorage = { ...STORAGE, keyPrefix: 'thv:' };
		expect(first['spec']).to.deep.equal({ ...OF_FLUX.spec, backendReplicas: 2, sessionStorage });
		const { flux, team } = await managers();
		expect({ flux, team }).to.deep.equal({ flux: before['flux'], team: before['team'] });
		expect(team).to.deep.equal({ 'f:backendReplicas': {}, 'f:sessionStorage': { 'f:keyPrefix': {} } });
		const { stdout, stderr } = await as('flux', 'diff', OF_FLUX);
		expect(stdout, stderr).to.equal('');
	});

	it('each manager applies without the fields, after another PUT › only its own fields are removed', async () => {
		await mustSucceed(as('team', 'apply', { ...PLAIN, spec: {} }));
		expect((await stored())['spec']).to.deep.equal(OF_FLUX.spec);
		await erase();
		await mustSucceed(as('flux', 'apply', PLAIN));
		expect((await stored())['spec']).to.deep.equal(PLAIN.spec);
	});

	it('the operator erases only some fields › the others keep their manager too, and the next apply removes all', async () => {
		await mustSucceed(as('flux', 'apply', OF_FLUX));
		const before = (await managers())['flux'];
		const { passwordRef: _, ...known } = STORAGE;
		await erase({ sessionStorage: known });
		expect((await managers())['flux']).to.deep.equal(before);
		await mustSucceed(as('flux', 'apply', PLAIN));
		expect((await stored())['spec']).to.deep.equal(PLAIN.spec);
	});

	it('client-side apply, then client-side and server-side apply without the fields › they are removed', async () => {
		for (const args of [['apply'], ['apply', '--server-side']]) {
			await namespace.apply(OF_FLUX);
			const before = (await managers())['kubectl-client-side-apply'];
			await erase();
			expect((await managers())['kubectl-client-side-apply']).to.deep.equal(before);
			await mustSucceed(namespace.kubectl([...args, '-f', '-'], PLAIN));
			expect((await stored())['spec']).to.deep.equal(PLAIN.spec);
		}
	});
});
