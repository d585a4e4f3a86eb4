/**
 * Tests the permissions in manifests/base. test/e2e/permissions.test.ts compares them with an audit log, so that each
 * permission is used and none is missing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { PERMISSIONS } from '../../../src/api/permissions.ts';
import { objectOf, ROOT } from '../../harness/manifest-files.ts';

type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', string[]> & { resourceNames?: string[] }>;
const rulesOf = (kind: string): readonly Rule[] => (objectOf(kind) as unknown as { rules: readonly Rule[] }).rules;

describe('manifests: RBAC', () => {
	it('Role and ClusterRole › the permissions that doctor checks', () => {
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
	});
	it('namespace-opt-in › adds the permissions that doctor checks for it', () => {
		const file = join(ROOT, 'manifests/components/namespace-opt-in/read-namespaces.yaml');
		const added = (parse(readFileSync(file, 'utf8')) as { value: Rule }[]).map(({ value }) => value);
		const wanted = PERMISSIONS.filter(({ isForNamespaceLabel }) => isForNamespaceLabel === true);
		expect(added).to.deep.equal(
			wanted.map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs })),
		);
	});
	it('Secrets › only those of the own namespace', () =>
		expect(rulesOf('ClusterRole').flatMap(({ resources }) => resources)).not.to.include('secrets'));
});
