/** What our ServiceAccount may do, against what the code needs. */
import { PERMISSIONS, type Permission } from '../api/permissions.ts';
import type { Json } from '../api/types.ts';
import { type CheckResult, fail, isForbidden, ok, someOf, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';

export interface Account {
	readonly namespace: string;
	readonly name: string;
}

export const userNameOf = ({ namespace, name }: Account): string => `system:serviceaccount:${namespace}:${name}`;

export interface Needs {
	/** The certificates are our own, and not brought by somebody. */
	readonly isSelfManaged: boolean;
	readonly hasNamespaceLabel: boolean;
}

export async function permissions(
	account: Account,
	isAllowed: ClusterReader['isAllowed'],
	{ isSelfManaged, hasNamespaceLabel }: Needs,
	install: string,
): Promise<CheckResult[]> {
	const needed = PERMISSIONS.filter(
		(one) =>
			(isSelfManaged || one.isForCertificates !== true) && (hasNamespaceLabel || one.isForNamespaceLabel !== true),
	);
	const user = userNameOf(account);
	const groups = ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'];
	const sayings: CheckResult[] = [];
	let missingVerbs = 0;
	try {
		for (const permission of needed) {
			const allowed = await Promise.all(
				permission.verbs.map((verb) => isAllowed(user, groups, attributesOf(permission, verb, account.namespace))),
			);
			const missing = permission.verbs.filter((_verb, index) => allowed[index] !== true);
			if (missing.length === 0) continue;
			missingVerbs += missing.length;
			sayings.push(fail(user, `may not ${someOf(missing)} ${nameOf(permission)}`, install));
		}
	} catch (error) {
		if (!isForbidden(error)) throw error;
		const fix = 'run it as somebody who may: kubectl auth can-i create subjectaccessreviews.authorization.k8s.io';
		return [warn(user, 'was not looked at: you may not ask what others may do', fix)];
	}
	const count = needed.flatMap(({ verbs }) => verbs).length;
	// Most likely the account of another namespace: a dozen lines would tell no more.
	if (missingVerbs === count) return [fail(user, `may do none of the ${count} things it needs`, install)];
	return sayings.length > 0 ? sayings : [ok(user, `may do all ${count} things it needs`)];
}

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
