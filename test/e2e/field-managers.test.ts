/**
 * Server-side apply together with an operator whose typed PUT erases the scaling fields. If a user removes
 * a field from git, the next apply must remove it from the cluster.
 */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { DEFAULT_OPERATOR_USERNAME } from '../../src/api/names.ts';
import { type Api, openApi } from '../harness/api.ts';
import { type Stored, serverManifest } from '../harness/namespace.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const SESSION_STORAGE = {
	...{ provider: 'redis', address: 'redis.mcp.svc:6379', db: 2, keyPrefix: 'thv:' },
	passwordRef: { name: 's', key: 'k' },
};
const KIND = 'MCPServer';
const OWN = { transport: 'sse' };
const COUNTS = { replicas: 3, backendReplicas: 2 };

// biome-ignore lint/suspicious/noExplicitAny: any spec that the API server stored
type Spec = any;
const withoutScaling = ({ replicas: _1, backendReplicas: _2, sessionStorage: _3, ...spec }: Spec): Spec => spec;

describe('field managers on a real API server', function () {
	this.timeout(60_000);
	const { namespace, plane } = useProduct('field-managers');
	let api: Api;
	before(() => {
		api = openApi(plane());
	});
	after(() => api.close());

	/** Returns actions that clients perform on one server, and checks for the stored object. */
	const scenario = (name: string) => {
		const path = `/apis/toolhive.stacklok.dev/v1alpha1/namespaces/${namespace.name}/mcpservers/${name}`;
		const as = (manager: string, verb: string) => [verb, '--server-side', `--field-manager=${manager}`, '-f', '-'];
		const stored = async (): Promise<Stored> => {
			const { stdout } = await namespace.kubectl(['get', KIND, name, '--show-managed-fields', '-o', 'json']);
			return JSON.parse(stdout) as Stored;
		};
		const manifest = (spec: object) => serverManifest(KIND, name, spec);
		return {
			manifest,
			stored,
			/** Returns a manifest without the fields that every manifest of this kind has. */
			bare: (spec: object) => ({ ...manifest({}), spec }),
			apply: (manager: string, object: object) => mustSucceed(namespace.kubectl(as(manager, 'apply'), object)),
			expectSpec: async (expected: object) => expect((await stored())['spec']).to.deep.equal(expected),
			/** Checks that a GitOps tool finds nothing to change. */
			expectInSync: async (manager: string, object: object): Promise<void> => {
				const { stdout, stderr, code } = await namespace.kubectl(as(manager, 'diff'), object);
				expect(code, stderr).to.be.oneOf([0, 1]);
				expect(stdout).to.equal('');
			},
			/** Returns the paths in `spec` that each manager owns, by the name of the manager. */
			managers: async (): Promise<Record<string, string[]>> => {
				const { metadata } = (await stored()) as Spec;
				return Object.fromEntries(
					(metadata.managedFields as Spec[]).map(({ manager, fieldsV1 }) => [
						...([manager, pathsIn(fieldsV1['f:spec'] ?? {}, 'spec').sort()] as const),
					]),
				);
			},
			/** Sends the typed PUT of an operator that does not know some fields. */
			erase: async (): Promise<void> => {
				const object = await stored();
				const metadata = { ...object.metadata, finalizers: ['toolhive.stacklok.dev/finalizer'] };
				// `kubectl replace` would also write the annotation of client-side apply.
				const { status, body } = await api.send('PUT', path, {
					as: DEFAULT_OPERATOR_USERNAME,
					body: {
						...object,
						apiVersion: 'toolhive.stacklok.dev/v1alpha1',
						metadata,
						spec: withoutScaling(object['spec']),
					},
				});
				expect(status, JSON.stringify(body)).to.equal(200);
			},
			/** Removes the finalizer, which would block the deletion of the namespace. */
			release: () => namespace.kubectl(['patch', KIND, name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']),
		};
	};

	it('one manager, and a repeated PUT › managedFields stay; the next apply without the fields removes them', async () => {
		const at = scenario('one');
		const all = at.manifest({ ...OWN, ...COUNTS, sessionStorage: SESSION_STORAGE });
		await at.apply('flux', all);
		const before = await at.managers();
		await at.erase();
		const first = await at.stored();
		for (let round = 0; round < 3; round += 1) await at.erase();
		expect(await at.stored(), 'nothing is written').to.deep.equal(first);
		expect(first['spec']).to.deep.include({ ...COUNTS, sessionStorage: SESSION_STORAGE });
		expect((await at.managers())['flux']).to.deep.equal(before['flux']);
		await at.expectInSync('flux', all);

		await at.apply('flux', at.manifest(OWN));
		await at.expectSpec(at.manifest(OWN).spec);
		await at.expectInSync('flux', at.manifest(OWN));
		await at.release();
	});

	it('two managers own different fields, even in sessionStorage › each one removes only its own fields', async () => {
		const at = scenario('two');
		const { keyPrefix, ...others } = SESSION_STORAGE;
		const whole = at.manifest({ ...OWN, replicas: 3, sessionStorage: others });
		await at.apply('flux', whole);
		await at.apply('team', at.bare({ backendReplicas: 2, sessionStorage: { keyPrefix } }));
		await at.erase();
		const { flux, team } = await at.managers();
		expect(flux).to.include('spec.replicas').and.not.include('spec.sessionStorage.keyPrefix');
		expect(team).to.deep.equal(['spec.backendReplicas', 'spec.sessionStorage.keyPrefix']);
		await at.expectInSync('flux', whole);

		await at.apply('team', at.bare({}));
		await at.expectSpec(whole.spec);
		await at.erase();
		await at.apply('flux', at.manifest(OWN));
		await at.expectSpec(at.manifest(OWN).spec);
		await at.release();
	});
});

const pathsIn = (fields: object, path: string): string[] =>
	Object.entries(fields).flatMap(([key, below]) => {
		const at = `${path}.${key.slice(2)}`;
		return Object.keys(below).length === 0 ? [at] : pathsIn(below, at);
	});
