/** Server-side apply beside an operator whose typed PUT erases the scaling fields: a field removed from git is removed from the cluster. */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { DEFAULT_OPERATOR_USERNAME, type Kind, KINDS as NAMES } from '../../src/api/names.ts';
import { type Api, openApi } from '../harness/api.ts';
import { type Namespace, type Stored, serverManifest } from '../harness/namespace.ts';
import { mustSucceed } from '../harness/product.ts';
import { useProduct } from '../harness/use-product.ts';

const SESSION_STORAGE = {
	provider: 'redis',
	address: 'redis.mcp.svc:6379',
	db: 2,
	keyPrefix: 'thv:',
	passwordRef: { name: 's', key: 'k' },
};

const KINDS = [
	{ kind: 'MCPServer', own: { transport: 'sse' }, counts: { replicas: 3, backendReplicas: 2 } },
	{ kind: 'VirtualMCPServer', own: { incomingAuth: { type: 'anonymous' } }, counts: { replicas: 3 } },
	{
		kind: 'MCPRemoteProxy',
		own: { remoteURL: 'https://crm.example.com/mcp', transport: 'sse' },
		counts: { replicas: 3 },
	},
] as const;

describe('field managers on a real API server', function () {
	this.timeout(60_000);
	const { namespace, plane } = useProduct('field-managers');
	let api: Api;
	before(() => {
		api = openApi(plane());
	});
	after(() => api.close());

	for (const { kind, own, counts } of KINDS) {
		const scaling = { ...counts, sessionStorage: SESSION_STORAGE };
		const all = { ...own, ...scaling };
		/** One scenario with a server of its own, and what it needs to know of that. */
		const scenario = (title: string, name: string, act: (at: At) => Promise<void>): void => {
			it(`${kind} › ${title}`, async () => {
				const at = atServer(() => api, namespace, kind, `${kind.toLowerCase()}-${name}`);
				await act(at);
				// The finalizer goes, or the namespace could not.
				const patch = JSON.stringify({ metadata: { finalizers: null } });
				await namespace.kubectl(['patch', kind, at.manifest({}).metadata.name, '--type=merge', '-p', patch]);
			});
		};
		const bare = (at: At, spec: object): object => ({ ...at.manifest({}), spec });

		scenario(
			'one manager, and a PUT that repeats › managedFields stay; its fields go with the next apply',
			'one',
			async (at) => {
				await at.apply('flux', at.manifest(all));
				const before = await at.managers();
				await at.erase();
				const first = await at.stored();
				for (let round = 0; round < 3; round += 1) await at.erase();
				expect(await at.stored(), 'nothing is written').to.deep.equal(first);
				expect(first['spec']).to.deep.include(scaling);
				expect((await at.managers())['flux']).to.deep.equal(before['flux']);
				expect(await at.difference('flux', at.manifest(all))).to.equal('');

				await at.apply('flux', at.manifest(own));
				expect((await at.stored())['spec']).to.deep.equal(at.manifest(own).spec);
				expect(await at.difference('flux', at.manifest(own))).to.equal('');
			},
		);
		scenario(
			'client-side apply, then client-side and server-side apply without the fields › they are removed',
			'client',
			async (at) => {
				for (const args of [['apply'], ['apply', '--server-side']]) {
					await namespace.apply(at.manifest(all));
					const before = (await at.managers())['kubectl-client-side-apply'];
					await at.erase();
					expect((await at.managers())['kubectl-client-side-apply']).to.deep.equal(before);
					await mustSucceed(namespace.kubectl([...args, '-f', '-'], at.manifest(own)));
					expect((await at.stored())['spec']).to.deep.equal(at.manifest(own).spec);
				}
			},
		);
		// What remains is the same code for each kind.
		if (kind !== 'MCPServer') continue;

		scenario("two managers own different fields › each removes its own and none of the other's", 'two', async (at) => {
			const { replicas, ...others } = scaling;
			await at.apply('flux', at.manifest({ ...own, replicas }));
			await at.apply('team', bare(at, others));
			await at.erase();
			const { flux, team } = await at.managers();
			expect(flux).to.include('spec.replicas').and.not.include('spec.sessionStorage.address');
			expect(team).to.include('spec.sessionStorage.address').and.not.include('spec.replicas');
			expect(await at.difference('flux', at.manifest({ ...own, replicas }))).to.equal('');
			expect(await at.difference('team', bare(at, others))).to.equal('');

			await at.apply('flux', at.manifest(own));
			expect((await at.stored())['spec']).to.deep.equal({ ...at.manifest(own).spec, ...others });
			await at.erase();
			await at.apply('team', bare(at, {}));
			expect((await at.stored())['spec']).to.deep.equal(at.manifest(own).spec);
		});
		scenario('a manager owns only a part of sessionStorage › it removes that part alone', 'part', async (at) => {
			const { keyPrefix, ...others } = SESSION_STORAGE;
			const whole = { ...own, ...counts, sessionStorage: others };
			await at.apply('flux', at.manifest(whole));
			await at.apply('team', bare(at, { sessionStorage: { keyPrefix } }));
			await at.erase();
			expect((await at.managers())['team']).to.deep.equal(['spec.sessionStorage.keyPrefix']);
			expect(await at.difference('flux', at.manifest(whole))).to.equal('');

			await at.apply('team', bare(at, {}));
			expect((await at.stored())['spec']).to.deep.equal(at.manifest(whole).spec);
		});
		scenario('the operator erases only some fields › the others keep their manager as well', 'some', async (at) => {
			await at.apply('flux', at.manifest(all));
			const before = (await at.managers())['flux'];
			await at.erase(({ sessionStorage: { provider, address, db }, ...spec }) => ({
				...spec,
				// Without db the API server would fill in its default, which is a change and not an erased field.
				sessionStorage: { provider, address, db },
			}));
			expect((await at.managers())['flux']).to.deep.equal(before);
			await at.apply('flux', at.manifest(own));
			expect((await at.stored())['spec']).to.deep.equal(at.manifest(own).spec);
		});
	}
});

// biome-ignore lint/suspicious/noExplicitAny: whatever spec the API server stored
type Spec = any;
type At = ReturnType<typeof atServer>;

const withoutScaling = ({ replicas: _1, backendReplicas: _2, sessionStorage: _3, ...spec }: Spec): Spec => spec;

/** What clients do to the server of that name, and what is stored of it. */
function atServer(api: () => Api, namespace: Namespace, kind: Kind, name: string) {
	const path = `/apis/toolhive.stacklok.dev/v1alpha1/namespaces/${namespace.name}/${NAMES[kind].plural}/${name}`;
	const stored = async (): Promise<Stored> => {
		const { stdout } = await namespace.kubectl(['get', kind, name, '--show-managed-fields', '-o', 'json']);
		return JSON.parse(stdout) as Stored;
	};
	const as = (manager: string, verb: string) => [verb, '--server-side', `--field-manager=${manager}`, '-f', '-'];
	return {
		manifest: (spec: object) => serverManifest(kind, name, spec),
		stored,
		apply: (manager: string, object: object) => mustSucceed(namespace.kubectl(as(manager, 'apply'), object)),
		/** Empty where nothing would change. */
		difference: async (manager: string, object: object): Promise<string> => {
			const { stdout, stderr, code } = await namespace.kubectl(as(manager, 'diff'), object);
			expect(code, stderr).to.be.oneOf([0, 1]);
			return stdout;
		},
		/** Paths of the fields of `spec` that each manager owns, by its name. */
		managers: async (): Promise<Record<string, string[]>> => {
			const { metadata } = (await stored()) as Spec;
			return Object.fromEntries(
				(metadata.managedFields as Spec[]).map(({ manager, fieldsV1 }) => [
					manager,
					pathsIn(fieldsV1['f:spec'] ?? {}, 'spec').sort(),
				]),
			);
		},
		/** The typed write of an operator that does not know some fields. */
		erase: async (erase: (spec: Spec) => Spec = withoutScaling): Promise<void> => {
			const object = await stored();
			const metadata = { ...object.metadata, finalizers: ['toolhive.stacklok.dev/finalizer'] };
			// Not `kubectl replace`, which also writes the annotation of client-side apply.
			const { status, body } = await api().send('PUT', path, {
				as: DEFAULT_OPERATOR_USERNAME,
				body: { ...object, apiVersion: 'toolhive.stacklok.dev/v1alpha1', metadata, spec: erase(object['spec']) },
			});
			expect(status, JSON.stringify(body)).to.equal(200);
		},
	};
}

const pathsIn = (fields: object, path: string): string[] =>
	Object.entries(fields).flatMap(([key, below]) => {
		const at = `${path}.${key.slice(2)}`;
		return Object.keys(below).length === 0 ? [at] : pathsIn(below, at);
	});
