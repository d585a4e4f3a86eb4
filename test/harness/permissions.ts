/** Compares the permissions that manifests grant to a ServiceAccount with its calls in the audit log. */

/** One permission, or one call. A permission with an empty name or namespace applies to all names or namespaces. */
interface Access {
	readonly verb: string;
	/** `deployments.apps`, `mcpservers/status.toolhive.stacklok.dev`, or the path of a non-resource URL. */
	readonly resource: string;
	readonly name: string;
	readonly namespace: string;
}

interface RbacObject {
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string };
	readonly rules?: readonly (Readonly<Record<'verbs' | 'apiGroups' | 'resources', readonly string[]>> & {
		readonly resourceNames?: readonly string[];
	})[];
	readonly roleRef?: { readonly kind: string; readonly name: string };
	readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
}

/**
 * Compares the calls by `user` with its permissions in `objects`, which must contain every applied object. `unused`
 * lists the permissions that are granted but not needed: no call uses them, or narrower permissions cover every call.
 * `missing` lists the calls that were forbidden, or that these objects do not permit.
 */
export function comparePermissions(auditLog: string, objects: readonly object[], user: string) {
	const permissions = permissionsIn(objects as readonly RbacObject[], user);
	const calls = callsIn(auditLog, user);
	const isNeeded = (one: Access, call: Access): boolean =>
		covers(one, call) && !permissions.some((other) => covers(other, call) && isNarrower(other, one));
	return {
		unused: textsOf(permissions.filter((one) => !calls.some((call) => !call.isForbidden && isNeeded(one, call)))),
		missing: textsOf(calls.filter((call) => call.isForbidden || !permissions.some((one) => covers(one, call)))),
	};
}

/** Returns one permission for each verb and resource, and for each name if the rule has names. */
const permissionsIn = (objects: readonly RbacObject[], user: string): Access[] =>
	objects
		.filter(({ subjects }) => subjects?.some((one) => `system:serviceaccount:${one.namespace}:${one.name}` === user))
		.flatMap(({ kind, metadata, roleRef }) => {
			const namespace = (kind === 'RoleBinding' && metadata.namespace) || '';
			const role = objects.find((one) => one.kind === roleRef?.kind && one.metadata.name === roleRef.name);
			if (role === undefined) throw new Error(`${kind} ${metadata.name} refers to a role that is not in the objects`);
			return (role.rules ?? []).flatMap(({ verbs, apiGroups, resources, resourceNames = [''] }) => {
				const all = apiGroups.flatMap((group) => resources.map((resource) => resourceIn(group, resource)));
				return verbs.flatMap((verb) =>
					all.flatMap((resource) => resourceNames.map((name) => ({ verb, resource, name, namespace }))),
				);
			});
		});

const resourceIn = (group: string, resource: string): string => (group === '' ? resource : `${resource}.${group}`);

interface Entry {
	readonly user?: { readonly username?: string };
	readonly verb: string;
	readonly requestURI?: string;
	readonly objectRef?: Readonly<
		Partial<Record<'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name', string>>
	>;
	readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Returns the calls by `user`. Every user may read non-resource URLs (`/version`, discovery), so they count only if
 * forbidden.
 */
export const callsIn = (auditLog: string, user: string) =>
	auditLog
		// The last line may be incomplete.
		.slice(0, auditLog.lastIndexOf('\n') + 1)
		.split('\n')
		.filter((line) => line.includes(user))
		.map((line) => JSON.parse(line) as Entry)
		.filter((entry) => entry.user?.username === user)
		.map(({ verb, requestURI = '', objectRef = {}, annotations }) => {
			const { apiGroup = '', resource, subresource, namespace = '', name = '' } = objectRef;
			const full = resourceIn(apiGroup, subresource === undefined ? `${resource}` : `${resource}/${subresource}`);
			// The status is not sufficient, because a webhook can also return 403.
			const isForbidden = annotations?.['authorization.k8s.io/decision'] === 'forbid';
			return { verb, resource: resource === undefined ? requestURI : full, name, namespace, isForbidden };
		})
		.filter(({ resource, isForbidden }) => isForbidden || !resource.startsWith('/'));

const covers = (one: Access, call: Access): boolean =>
	one.verb === call.verb &&
	one.resource === call.resource &&
	['', call.name].includes(one.name) &&
	['', call.namespace].includes(one.namespace);

/** Without this check, calls for the product's own Secret would make a permission for all Secrets look necessary. */
const isNarrower = (one: Access, other: Access): boolean =>
	['', one.name].includes(other.name) &&
	['', one.namespace].includes(other.namespace) &&
	(one.name !== other.name || one.namespace !== other.namespace);

const textsOf = (all: readonly Access[]): string[] => {
	const text = ({ verb, resource, name, namespace }: Access): string =>
		`${verb} ${resource}${name && ` named ${name}`}${namespace && ` in ${namespace}`}`;
	return [...new Set(all.map(text))].sort();
};
