/** The rights are those of the calls the code makes: no verb less, no verb more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ApiError, type Connection } from '../../src/cluster/connect.ts';
import { remember } from '../../src/cluster/memory.ts';
import { KIND_LIST } from '../../src/toolhive/names.ts';
import { baseObjects, objectOf } from './read.ts';

interface ClusterRole {
	readonly rules: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
}

const granted = (objectOf('ClusterRole') as unknown as ClusterRole).rules.flatMap(({ apiGroups, resources, verbs }) =>
	apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
);

/** `/apis/GROUP/VERSION/[namespaces/NS/]RESOURCE[/NAME]` as RBAC sees it. */
function rightFor(path: string, isWatch: boolean): string {
	const [, group = '', resource, name] =
		/^\/(?:api|apis\/([^/]+))\/v\w+\/(?:namespaces\/[^/]+\/)?([^/?]+)(?:\/([^/?]+))?/.exec(path) ?? [];
	return `${isWatch ? 'watch' : name === undefined ? 'list' : 'get'} ${group}/${resource}`;
}

/** Rights needed by everything that src/cluster/ asks, in an empty cluster. */
async function callsMade(): Promise<Set<string>> {
	const rights = new Set<string>();
	const connection: Pick<Connection, 'get' | 'stream'> = {
		get: (path) => {
			const right = rightFor(path, false);
			rights.add(right);
			if (right.startsWith('get')) return Promise.reject(new ApiError('not found', 404));
			return Promise.resolve({ kind: 'List', metadata: { resourceVersion: '1' }, items: [] });
		},
		stream: (path, _idleTimeoutMs, signal) => {
			rights.add(rightFor(path, true));
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
	return rights;
}

describe('manifests: rights', () => {
	it('are exactly the calls that src/cluster/ makes', async () => {
		expect(granted).to.have.members([...(await callsMade())]);
	});
	it('read and never write', () => {
		expect([...new Set(granted.map((right) => right.split(' ')[0]))]).to.have.members(['get', 'list', 'watch']);
	});
	it('never touch Secrets, and have no wildcard', () => {
		expect(granted.join('\n')).not.to.match(/secrets|\*/);
	});
	it('come from one ClusterRole, bound to our ServiceAccount alone', () => {
		const kinds = baseObjects().map(({ kind }) => kind);
		expect(kinds.filter((kind) => /Role/.test(kind))).to.have.members(['ClusterRole', 'ClusterRoleBinding']);
		const { name, namespace } = objectOf('ServiceAccount').metadata;
		expect(objectOf('ClusterRoleBinding')).to.deep.include({ subjects: [{ kind: 'ServiceAccount', name, namespace }] });
		expect(objectOf('ClusterRoleBinding')).to.have.nested.property(
			'roleRef.name',
			objectOf('ClusterRole').metadata.name,
		);
	});
});
