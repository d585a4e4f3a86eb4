/**
 * Tests the permissions in manifests/base. test/e2e/permissions.test.ts compares them with an audit log, so that each
 * permission is used and none is missing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { PERMISSIONS } from '../../../src/api/permissions.ts';
import { baseObjects, objectOf, ROOT } from '../../harness/manifest-files.ts';

type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', string[]> & { resourceNames?: string[] }>;
const rulesOf = (kind: string): readonly Rule[] => (objectOf(kind) as unknown as { rules: readonly Rule[] }).rules;

describe('manifests: RBAC', () => {
	it('Role and ClusterRole › the permissions that doctor checks, without wildcards', () => {
		const granted = ['ClusterRole', 'Role'].flatMap((kind) =>
			rulesOf(kind).flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
				resources.flatMap((resource) =>
					verbs.map((verb) => [verb, apiGroups.join(), resource, kind === 'Role', resourceNames?.join()].join(' ')),
				),
			),
		);
		const wanted = PERMISSIONS.filter(({ isForNamespaceLabel }) => isForNamespaceLabel !== true).flatMap(
			({ group, resource, verbs, own, name }) =>
				verbs.map((verb) => [verb, group, resource, own !== undefined, own?.name ?? name].join(' ')),
		);
		expect(wanted).to.have.members(granted);
		expect(granted.join('\n')).not.to.include('*');
	});
	it('namespace-opt-in › adds the permissions that doctor checks for it', () => {
		const file = join(ROOT, 'manifests/components/namespace-opt-in/read-namespaces.yaml');
		const added = (parse(readFileSync(file, 'utf8')) as { value: Rule }[]).map(({ value }) => value);
		const wanted = PERMISSIONS.filter(({ isForNamespaceLabel }) => isForNamespaceLabel === true);
		expect(added).to.deep.equal(
			wanted.map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs })),
		);
	});
	it('Secrets, Leases and webhook configurations › by name, except for create, and no Secret in another namespace', () => {
		expect(rulesOf('ClusterRole').flatMap(({ resources }) => resources)).not.to.include('secrets');
		const all = [...rulesOf('ClusterRole'), ...rulesOf('Role')];
		const named = all.flatMap(({ resources, resourceNames }) =>
			resourceNames ? [`${resources} ${resourceNames}`] : [],
		);
		expect(named).to.have.members([
			'leases toolhive-scaling',
			'secrets toolhive-scaling-certificates',
			'mutatingwebhookconfigurations,validatingwebhookconfigurations toolhive-scaling',
		]);
		const unnamed = rulesOf('Role').filter(({ resourceNames }) => resourceNames === undefined);
		expect(new Set(unnamed.flatMap(({ verbs }) => verbs))).to.deep.equal(new Set(['create']));
	});
	it('bindings › bind one ClusterRole and one Role, only to the ServiceAccount', () => {
		const kinds = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
		expect(baseObjects().flatMap(({ kind }) => (/Role/.test(kind) ? [kind] : []))).to.have.members(kinds);
		const { name, namespace } = objectOf('ServiceAccount').metadata;
		for (const kind of ['ClusterRole', 'Role']) {
			const binding = objectOf(`${kind}Binding`);
			expect(binding).to.deep.include({ subjects: [{ kind: 'ServiceAccount', name, namespace }] });
			expect(binding).to.have.nested.property('roleRef.name', objectOf(kind).metadata.name);
		}
	});
});
