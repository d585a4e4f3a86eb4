/** Server-side apply beside an operator whose typed PUT erases the scaling fields: a field removed from git is removed from the cluster. */
import { expect } from 'chai';
import { after, before } from 'mocha';
import { DEFAULT_OPERATOR_USERNAME, type Kind, KINDS as NAMES } from '../../src/api/names.ts';
import { type Api, openApi } from '../harness/api.ts';
import { type Namespace, type Stored, serverManifest } from '../harness/namespace.ts';
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
		const manifest = (name: string, spec: object) => serverManifest(kind, name, spec);
		const named = (scenario: string): string => `${kind.toLowerCase()}-${scenario}`;
		const stored = (name: string): Promise<Stored> => namespace.get(kind, name);

		it(`${kind} › one manager › its fields are removed with the next apply`, async () => {
			const name = named('one');
			const flux = applierOf(namespace, 'flux');
			await flux(manifest(name, { ...own, ...scaling }));
			const before = await managersOf(namespace, kind, name);
			await eraseAsOperator(api, namespace, kind, name);
			expect((await stored(name))['spec']).to.deep.include(scaling);
			expect((await managersOf(namespace, kind, name))['flux']).to.deep.equal(before['flux']);
			expect(await differenceOf(namespace, 'flux', manifest(name, { ...own, ...scaling }))).to.equal('');

			await flux(manifest(name, own));
			expect((await stored(name))['spec']).to.deep.equal(serverManifest(kind, name, own).spec);
			expect(await differenceOf(namespace, 'flux', manifest(name, own))).to.equal('');
			await release(namespace, kind, name);
		});

		it(`${kind} › the operator's PUT repeats › nothing is written and managedFields do not grow`, async () => {
			const name = named('loop');
			await applierOf(namespace, 'flux')(manifest(name, { ...own, ...scaling }));
			await eraseAsOperator(api, namespace, kind, name);
			const first = await managedObject(namespace, kind, name);
			for (let round = 0; round < 5; round += 1) await eraseAsOperator(api, namespace, kind, name);
			expect(await managedObject(namespace, kind, name)).to.deep.equal(first);
			await release(namespace, kind, name);
		});

		it(`${kind} › two managers own different fields › each removes its own and none of the other's`, async () => {
			const name = named('two');
			const flux = applierOf(namespace, 'flux');
			const team = applierOf(namespace, 'team');
			const { replicas, ...others } = scaling;
			await flux(manifest(name, { ...own, replicas }));
			await team({ ...manifest(name, others), spec: others });
			await eraseAsOperator(api, namespace, kind, name);
			const { flux: ofFlux, team: ofTeam } = await managersOf(namespace, kind, name);
			expect(ofFlux).to.include('spec.replicas').and.not.include('spec.sessionStorage.address');
			expect(ofTeam).to.include('spec.sessionStorage.address').and.not.include('spec.replicas');
			expect(await differenceOf(namespace, 'flux', manifest(name, { ...own, replicas }))).to.equal('');
			expect(await differenceOf(namespace, 'team', { ...manifest(name, others), spec: others })).to.equal('');

			await flux(manifest(name, own));
			expect((await stored(name))['spec']).to.deep.equal({ ...manifest(name, own).spec, ...others });
			await eraseAsOperator(api, namespace, kind, name);
			await team({ ...manifest(name, {}), spec: {} });
			expect((await stored(name))['spec']).to.deep.equal(manifest(name, own).spec);
			await release(namespace, kind, name);
		});

		it(`${kind} › a manager owns only a part of sessionStorage › it removes that part alone`, async () => {
			const name = named('part');
			const { keyPrefix, ...others } = SESSION_STORAGE;
			const team = applierOf(namespace, 'team');
			await applierOf(namespace, 'flux')(manifest(name, { ...own, ...counts, sessionStorage: others }));
			await team({ ...manifest(name, {}), spec: { sessionStorage: { keyPrefix } } });
			await eraseAsOperator(api, namespace, kind, name);
			expect((await managersOf(namespace, kind, name))['team']).to.deep.equal(['spec.sessionStorage.keyPrefix']);
			const whole = manifest(name, { ...own, ...counts, sessionStorage: others });
			expect(await differenceOf(namespace, 'flux', whole)).to.equal('');

			await team({ ...manifest(name, {}), spec: {} });
			expect((await stored(name))['spec']).to.deep.equal({
				...manifest(name, own).spec,
				...counts,
				sessionStorage: others,
			});
			await release(namespace, kind, name);
		});

		it(`${kind} › the operator erases only some fields › the others keep their manager as well`, async () => {
			const name = named('some');
			const flux = applierOf(namespace, 'flux');
			await flux(manifest(name, { ...own, ...scaling }));
			const before = (await managersOf(namespace, kind, name))['flux'];
			await eraseAsOperator(api, namespace, kind, name, ({ sessionStorage, ...spec }) => ({
				...spec,
				// Without db the API server would fill in its default, which is a change and not an erased field.
				sessionStorage: { provider: sessionStorage.provider, address: sessionStorage.address, db: sessionStorage.db },
			}));
			expect((await managersOf(namespace, kind, name))['flux']).to.deep.equal(before);
			expect(await differenceOf(namespace, 'flux', manifest(name, { ...own, ...scaling }))).to.equal('');
			await flux(manifest(name, own));
			expect((await stored(name))['spec']).to.deep.equal(manifest(name, own).spec);
			await release(namespace, kind, name);
		});

		it(`${kind} › client-side apply, then server-side apply › the fields are removed`, async () => {
			const name = named('migrated');
			await namespace.apply(manifest(name, { ...own, ...scaling }));
			const before = (await managersOf(namespace, kind, name))['kubectl-client-side-apply'];
			await eraseAsOperator(api, namespace, kind, name);
			expect((await managersOf(namespace, kind, name))['kubectl-client-side-apply']).to.deep.equal(before);
			const { code, stderr } = await namespace.kubectl(['apply', '--server-side', '-f', '-'], manifest(name, own));
			expect(code, stderr).to.equal(0);
			expect((await stored(name))['spec']).to.deep.equal(manifest(name, own).spec);
			await release(namespace, kind, name);
		});

		it(`${kind} › client-side apply throughout › the fields are removed`, async () => {
			const name = named('client');
			await namespace.apply(manifest(name, { ...own, ...scaling }));
			await eraseAsOperator(api, namespace, kind, name);
			await namespace.apply(manifest(name, own));
			expect((await stored(name))['spec']).to.deep.equal(manifest(name, own).spec);
			await release(namespace, kind, name);
		});
	}
});

const applierOf = (namespace: Namespace, manager: string) => async (object: object) => {
	const { code, stderr } = await namespace.kubectl(
		['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
		object,
	);
	expect(code, stderr).to.equal(0);
};

// biome-ignore lint/suspicious/noExplicitAny: whatever spec the API server stored
type Spec = any;

const withoutScaling = ({ replicas: _1, backendReplicas: _2, sessionStorage: _3, ...spec }: Spec): Spec => spec;

/** The typed write of an operator that does not know some fields, and the same write again, which must change nothing. */
async function eraseAsOperator(
	api: Api,
	namespace: Namespace,
	kind: Kind,
	name: string,
	erase: (spec: Spec) => Spec = withoutScaling,
): Promise<void> {
	await putAsOperator(api, namespace, kind, name, erase);
	const once = await managedObject(namespace, kind, name);
	await putAsOperator(api, namespace, kind, name, erase);
	expect(await managedObject(namespace, kind, name), 'a second PUT').to.deep.equal(once);
}

async function putAsOperator(
	api: Api,
	namespace: Namespace,
	kind: Kind,
	name: string,
	erase: (spec: Spec) => Spec,
): Promise<void> {
	const object = await managedObject(namespace, kind, name);
	const metadata = { ...object.metadata, finalizers: ['toolhive.stacklok.dev/finalizer'] };
	// Not `kubectl replace`, which also writes the annotation of client-side apply.
	const path = `/apis/toolhive.stacklok.dev/v1alpha1/namespaces/${namespace.name}/${NAMES[kind].plural}/${name}`;
	const { status, body } = await api.send('PUT', path, {
		as: DEFAULT_OPERATOR_USERNAME,
		body: { ...object, apiVersion: 'toolhive.stacklok.dev/v1alpha1', metadata, spec: erase(object['spec']) },
	});
	expect(status, JSON.stringify(body)).to.equal(200);
}

async function managedObject(namespace: Namespace, kind: string, name: string): Promise<Stored> {
	const { stdout } = await namespace.kubectl(['get', kind, name, '--show-managed-fields', '-o', 'json']);
	return JSON.parse(stdout) as Stored;
}

/** Paths of the fields of `spec` that each manager owns, by its name. */
async function managersOf(namespace: Namespace, kind: string, name: string): Promise<Record<string, string[]>> {
	const { metadata } = (await managedObject(namespace, kind, name)) as Spec;
	return Object.fromEntries(
		(metadata.managedFields as Spec[]).map(({ manager, fieldsV1 }) => [
			manager,
			pathsIn(fieldsV1['f:spec'] ?? {}, 'spec').sort(),
		]),
	);
}

const pathsIn = (fields: object, path: string): string[] =>
	Object.entries(fields).flatMap(([key, below]) => {
		const at = `${path}.${key.slice(2)}`;
		return Object.keys(below).length === 0 ? [at] : pathsIn(below, at);
	});

/** Empty where nothing would change. */
async function differenceOf(namespace: Namespace, manager: string, object: object): Promise<string> {
	const { stdout, stderr, code } = await namespace.kubectl(
		['diff', '--server-side', `--field-manager=${manager}`, '-f', '-'],
		object,
	);
	expect(code, stderr).to.be.oneOf([0, 1]);
	return stdout;
}

/** The finalizer goes, or the namespace could not. */
async function release(namespace: Namespace, kind: string, name: string): Promise<void> {
	const patch = JSON.stringify({ metadata: { finalizers: null } });
	await namespace.kubectl(['patch', kind, name, '--type=merge', '-p', patch]);
}
