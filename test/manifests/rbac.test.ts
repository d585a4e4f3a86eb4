/** The rights are those of the calls the code makes: no verb less, no verb more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createCertificateObjects } from '../../src/cluster/certificate-objects.ts';
import { ApiError, type Connection } from '../../src/cluster/connect.ts';
import { createEventRecorder } from '../../src/cluster/events.ts';
import { campaign } from '../../src/cluster/lease.ts';
import { remember } from '../../src/cluster/memory.ts';
import { createObjects } from '../../src/cluster/writes.ts';
import { CERTIFICATE_SECRET_TYPE, GROUP, KIND_LIST, KINDS } from '../../src/toolhive/names.ts';
import { PERMISSIONS } from '../../src/toolhive/permissions.ts';
import { REGISTRATION_KINDS } from '../../src/toolhive/registrations.ts';
import type { Json } from '../../src/toolhive/types.ts';
import { baseObjects, objectOf } from './read.ts';

interface Role {
	readonly rules: readonly {
		readonly apiGroups: string[];
		readonly resources: string[];
		readonly resourceNames?: string[];
		readonly verbs: string[];
	}[];
}

const rulesOf = (kind: string): Role['rules'] => (objectOf(kind) as unknown as Role).rules;
const granted = [...rulesOf('ClusterRole'), ...rulesOf('Role')].flatMap(({ apiGroups, resources, verbs }) =>
	apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
);

/** The same for our own list, with the name or the namespace that it is about. */
const grantedWithPlaces = (['ClusterRole', 'Role'] as const).flatMap((kind) =>
	rulesOf(kind).flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
		apiGroups.flatMap((group) =>
			resources.flatMap((resource) =>
				verbs.map((verb) => [verb, group, resource, kind === 'Role', resourceNames?.join()].join(' ')),
			),
		),
	),
);

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

/** `/apis/GROUP/VERSION/[namespaces/NS/]RESOURCE[/NAME]` as RBAC sees it. */
function rightFor(path: string, verb?: string): string {
	const [, group = '', resource, name, subresource = ''] =
		/^\/(?:api|apis\/([^/]+))\/v\w+\/(?:namespaces\/[^/]+\/)?([^/?]+)(?:\/([^/?]+))?(\/status)?/.exec(path) ?? [];
	return `${verb ?? (name === undefined ? 'list' : 'get')} ${group}/${resource}${subresource}`;
}

/** Rights needed by everything that src/cluster/ asks, in an empty cluster. */
async function callsMade(): Promise<Set<string>> {
	const rights = new Set<string>();
	const connection: Pick<Connection, 'get' | 'stream' | 'send'> = {
		send: (method, path) => {
			rights.add(rightFor(path, VERBS[method]));
			return Promise.resolve({ metadata: {} });
		},
		get: (path) => {
			const right = rightFor(path);
			rights.add(right);
			if (right.startsWith('get')) return Promise.reject(new ApiError('not found', 404));
			return Promise.resolve({ kind: 'List', metadata: { resourceVersion: '1' }, items: [] });
		},
		stream: (path, _idleTimeoutMs, signal) => {
			rights.add(rightFor(path, 'watch'));
			return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));
		},
	};
	const nothing = (): undefined => undefined;
	const projections = {
		server: nothing,
		deployment: nothing,
		runConfig: nothing,
		autoscaler: nothing,
		keySpace: nothing,
	};
	const memory = remember(connection, projections, () => {});
	const isWatched = (resource: string): boolean =>
		[...rights].some((right) => /^watch .*\/(.*)$/.exec(right)?.[1] === resource);
	while (!Object.keys(memory.watches).every(isWatched)) await sleep(5);
	const { signal } = new AbortController();
	for (const kind of KIND_LIST) await memory.findServer({ kind, namespace: 'demo', name: 'web' }, signal);
	await memory.findDeployment('demo', 'web', signal);
	memory.stop();
	await write(connection, signal);
	await keepCertificates(connection, signal);
	return rights;
}

/** Our Secret made and renewed, and the caBundle of both registrations. */
async function keepCertificates(connection: Pick<Connection, 'get' | 'send'>, signal: AbortSignal): Promise<void> {
	const objects = createCertificateObjects(connection, 'toolhive-scaling');
	await objects.writeSecret(await objects.getSecret(signal), {}, signal);
	const secret = { object: { type: CERTIFICATE_SECRET_TYPE }, isOurs: true, data: {} };
	await objects.writeSecret(secret, {}, signal);
	await objects.getRegistrations(signal);
	for (const kind of REGISTRATION_KINDS)
		await objects.writeCaBundle({ kind, resourceVersion: '1', webhooks: [] }, '', signal);
}

/** Everything the reconciler writes, and both the making and the renewing of a Lease. */
async function write(connection: Pick<Connection, 'get' | 'send'>, signal: AbortSignal): Promise<void> {
	const named = (kind: string): Json => ({
		apiVersion: `${GROUP}/v1beta1`,
		kind,
		metadata: { namespace: 'demo', name: 'web' },
	});
	const objects = createObjects(
		connection,
		() => [],
		() => {},
	);
	for (const kind of KIND_LIST) await objects.writeConditions(named(kind), [], signal);
	for (const kind of ['Deployment', 'ConfigMap']) await objects.write(named(kind), named(kind), signal);
	await objects.getConfigMap('demo', 'web', signal);
	const events = createEventRecorder({ connection, instance: 'pod', onTrouble: () => {} });
	const event = { type: 'Normal', reason: 'A', action: 'B', note: 'c' } as const;
	events.tell(named('MCPServer'), event);
	events.tell(named('MCPServer'), event);
	await events.flush();
	for (const lease of [undefined, { metadata: {}, spec: {} }]) {
		const stopping = new AbortController();
		const get = (path: string): Promise<unknown> => {
			const asked = connection.get(path).catch(() => undefined);
			return asked.then(() => lease ?? Promise.reject(new ApiError('not found', 404)));
		};
		await campaign(
			{
				connection: { ...connection, get },
				namespace: 'toolhive-scaling',
				name: 'toolhive-scaling',
				identity: 'pod',
				lead: async () => stopping.abort(),
				onChange: () => {},
				onTrouble: () => {},
				timing: { retryMs: 1 },
			},
			stopping.signal,
		);
	}
}

describe('manifests: rights', () => {
	it('are exactly the calls that src/cluster/ makes', async () => {
		expect(granted).to.have.members([...(await callsMade())]);
	});
	it('are what `doctor` looks for', () => {
		const wanted = PERMISSIONS.flatMap(({ group, resource, verbs, own, name }) =>
			verbs.map((verb) => [verb, group, resource, own !== undefined, own?.name ?? name].join(' ')),
		);
		expect(wanted).to.have.members(grantedWithPlaces);
	});
	it('write statuses, Deployments, ConfigMaps, Events, and by name one Lease, one Secret and our registrations', () => {
		const written = granted
			.filter((right) => !/^(get|list|watch) /.test(right))
			.map((right) => right.split('/').slice(1).join('/'));
		const servers = KIND_LIST.map((kind) => `${KINDS[kind].plural}/status`);
		const registrations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
		expect(new Set(written)).to.deep.equal(
			new Set([...servers, 'deployments', 'configmaps', 'events', 'leases', 'secrets', ...registrations]),
		);
		const named = [...rulesOf('Role'), ...rulesOf('ClusterRole')].flatMap(({ resources, resourceNames }) =>
			resourceNames === undefined ? [] : [[resources.join(), resourceNames.join()]],
		);
		expect(Object.fromEntries(named)).to.deep.equal({
			leases: 'toolhive-scaling',
			secrets: 'toolhive-scaling-certificates',
			[registrations.join()]: 'toolhive-scaling',
		});
	});
	it('read no Secret of anybody else, and have no wildcard', () => {
		expect(rulesOf('ClusterRole').flatMap(({ resources }) => resources)).not.to.include('secrets');
		const unnamed = rulesOf('Role').filter(({ resourceNames }) => resourceNames === undefined);
		expect(new Set(unnamed.flatMap(({ verbs }) => verbs))).to.deep.equal(new Set(['create']));
		expect(granted.join('\n')).not.to.include('*');
	});
	it('come from one ClusterRole and one Role, bound to our ServiceAccount alone', () => {
		const kinds = baseObjects().map(({ kind }) => kind);
		expect(kinds.filter((kind) => /Role/.test(kind))).to.have.members([
			'ClusterRole',
			'ClusterRoleBinding',
			'Role',
			'RoleBinding',
		]);
		const { name, namespace } = objectOf('ServiceAccount').metadata;
		expect(objectOf('ClusterRoleBinding')).to.deep.include({ subjects: [{ kind: 'ServiceAccount', name, namespace }] });
		expect(objectOf('ClusterRoleBinding')).to.have.nested.property(
			'roleRef.name',
			objectOf('ClusterRole').metadata.name,
		);
	});
});
