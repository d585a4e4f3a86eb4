/** What the rights are, offline. That each is used and none is missing, an audit log tells: test/e2e/rights.test.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { KIND_LIST, KINDS } from '../../../src/api/names.ts';
import { PERMISSIONS } from '../../../src/api/permissions.ts';
import { baseObjects, objectOf, ROOT } from '../../harness/manifest-files.ts';

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

describe('manifests: rights', () => {
	it('are what `doctor` looks for', () => {
		const wanted = PERMISSIONS.filter(({ isForNamespaceLabel }) => isForNamespaceLabel !== true).flatMap(
			({ group, resource, verbs, own, name }) =>
				verbs.map((verb) => [verb, group, resource, own !== undefined, own?.name ?? name].join(' ')),
		);
		expect(wanted).to.have.members(grantedWithPlaces);
	});
	it('are what `doctor` looks for, also those that namespace-opt-in adds', () => {
		const file = join(ROOT, 'manifests/components/namespace-opt-in/read-namespaces.yaml');
		const added = (parse(readFileSync(file, 'utf8')) as { value: Role['rules'][number] }[]).map(({ value }) => value);
		const wanted = PERMISSIONS.filter(({ isForNamespaceLabel }) => isForNamespaceLabel === true).map(
			({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs }),
		);
		expect(added).to.deep.equal(wanted);
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
