/** Compares the permissions that manifests grant to a ServiceAccount with its calls in the audit log. */

/** One permission, or one call. A permission without a name or namespace applies to all names or namespaces. */
interface Access {
	readonly verb: string;
	/** `deployments.apps`, `mcpservers/status.toolhive.stacklok.dev`, or the path of a non-resource URL. */
	readonly resource: string;
	readonly name: string | undefined;
	readonly namespace: string | undefined;
}

interface Call extends Access {
	readonly isForbidden: boolean;
}

export interface Comparison {
	/** Granted but not needed: no call uses the permission, or narrower permissions cover every call. */
	readonly unused: readonly string[];
	/** Calls that were forbidden, or that these objects do not permit. */
	readonly missing: readonly string[];
}

interface RbacObject {
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string };
	readonly rules?: readonly Rule[];
	readonly roleRef?: { readonly kind: string; readonly name: string };
	readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
}

interface Rule {
	readonly verbs: readonly string[];
	readonly apiGroups: readonly string[];
	readonly resources: readonly string[];
	readonly resourceNames?: readonly string[];
}

/** Compares the calls by `user` with its permissions in `objects`, which must contain every applied object. */
export function comparePermissions(auditLog: string, objects: readonly object[], user: string): Comparison {
	const permissions = permissionsIn(objects as readonly RbacObject[], user);
	const calls = callsIn(auditLog, user);
	const isNeeded = (one: Access, call: Call): boolean =>
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
			const namespace = kind === 'RoleBinding' ? metadata.namespace : undefined;
			const role = objects.find((one) => one.kind === roleRef?.kind && one.metadata.name === roleRef.name);
			if (role === undefined) throw new Error(`${kind} ${metadata.name} refers to a role that is not in the objects`);
			return (role.rules ?? []).flatMap(({ verbs, apiGroups, resources, resourceNames = [undefined] }) =>
				verbs.flatMap((verb) =>
					apiGroups.flatMap((group) =>
						resources.flatMap((resource) =>
							resourceNames.map((name) => ({ verb, resource: resourceIn(group, resource), name, namespace })),
						),
					),
				),
			);
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
export const callsIn = (auditLog: string, user: string): Call[] =>
	auditLog
		// The last line may be incomplete.
		.slice(0, auditLog.lastIndexOf('\n') + 1)
		.split('\n')
		.filter((line) => line.includes(user))
		.map((line) => JSON.parse(line) as Entry)
		.filter((entry) => entry.user?.username === user)
		.map(({ verb, requestURI = '', objectRef = {}, annotations }) => {
			// The status is not sufficient, because a webhook can also return 403.
			const isForbidden = annotations?.['authorization.k8s.io/decision'] === 'forbid';
			const { apiGroup = '', resource, subresource, namespace, name } = objectRef;
			if (resource === undefined) {
				const [path = ''] = requestURI.split('?');
				return { verb, resource: path, name: undefined, namespace: undefined, isForbidden };
			}
			const full = resourceIn(apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
			return { verb, resource: full, name, namespace, isForbidden };
		})
		.filter(({ resource, isForbidden }) => isForbidden || !resource.startsWith('/'));

const covers = (one: Access, call: Access): boolean =>
	one.verb === call.verb &&
	one.resource === call.resource &&
	(one.name === undefined || one.name === call.name) &&
	(one.namespace === undefined || one.namespace === call.namespace);

/** Without this check, calls for the product's own Secret would make a permission for all Secrets look necessary. */
const isNarrower = (one: Access, other: Access): boolean =>
	(other.name === undefined || one.name === other.name) &&
	(other.namespace === undefined || one.namespace === other.namespace) &&
	(one.name !== other.name || one.namespace !== other.namespace);

const textsOf = (all: readonly Access[]): string[] => {
	const text = ({ verb, resource, name, namespace }: Access): string =>
		`${verb} ${resource}${name === undefined ? '' : ` named ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
	return [...new Set(all.map(text))].sort();
};
