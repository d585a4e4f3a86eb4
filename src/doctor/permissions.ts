/** Compares the permissions of the product's ServiceAccount with those that the code needs. */
import { INSTALLED_AS } from '../api/names.ts';
import { PERMISSIONS, type Permission } from '../api/permissions.ts';
import type { Json } from '../api/types.ts';
import { type CheckResult, fail, isForbidden, ok, rerunWith, someOf, warn } from './check-result.ts';
import type { NamespacedName } from './cluster.ts';
import type { DoctorCheck } from './context.ts';

export const userNameOf = ({ namespace, name }: NamespacedName): string => `system:serviceaccount:${namespace}:${name}`;

export const checkPermissions: DoctorCheck = async ({
	product: { namespace },
	cluster,
	installFix,
	installed,
	flags,
}) => {
	const needed = PERMISSIONS.filter(
		(one) =>
			(one.isForCertificates !== true || flags?.isSelfManaged === true) &&
			(one.isForNamespaceLabel !== true || flags?.hasNamespaceLabel === true),
	);
	const user = userNameOf({ namespace, name: installed?.serviceAccount ?? INSTALLED_AS });
	const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
	const results: CheckResult[] = [];
	let missingVerbs = 0;
	try {
		for (const permission of needed) {
			const allowed = await Promise.all(
				permission.verbs.map((verb) => cluster.isAllowed(user, groups, attributesOf(permission, verb, namespace))),
			);
			const missing = permission.verbs.filter((_verb, index) => allowed[index] !== true);
			if (missing.length === 0) continue;
			missingVerbs += missing.length;
			results.push(fail(user, `cannot ${someOf(missing)} ${nameOf(permission)}`, installFix));
		}
	} catch (error) {
		if (!isForbidden(error)) throw error;
		const fix = rerunWith('create subjectaccessreviews.authorization.k8s.io');
		return [warn(user, 'was not checked: your credentials cannot read the permissions of other users', fix)];
	}
	const count = needed.flatMap(({ verbs }) => verbs).length;
	// If all permissions are missing, the namespace is probably wrong, so one line is enough.
	if (missingVerbs === count) return [fail(user, `has none of the ${count} permissions that it needs`, installFix)];
	return results.length > 0 ? results : [ok(user, `has all ${count} permissions that it needs`)];
};

const nameOf = ({ group, resource, own, name }: Permission): string => {
	const full = group === '' ? resource : `${resource}.${group}`;
	if (name !== undefined) return `${full} ${name}`;
	return own === undefined ? full : `${full} in its namespace`;
};

function attributesOf({ group, resource, own, name }: Permission, verb: string, namespace: string): Json {
	const [plural, subresource] = resource.split('/');
	return {
		group,
		resource: plural,
		verb,
		...(subresource !== undefined && { subresource }),
		...(name !== undefined && { name }),
		...(own !== undefined && { namespace, ...(own.name !== undefined && { name: own.name }) }),
	};
}
