/**
 * The rights that manifests grant to a user, against the calls that an API server's audit log says this user made. Pure, so that it
 * serves the log of any cluster, with whoever else is in it.
 */

/** One right, or one call. Undefined where a right is not narrowed, or a call has none. */
export interface Right {
	readonly verb: string;
	/** `deployments.apps`, `mcpservers/status.toolhive.stacklok.dev`, or a path that is no resource. */
	readonly resource: string;
	readonly name: string | undefined;
	readonly namespace: string | undefined;
}

export interface Call extends Right {
	readonly isRefused: boolean;
}

export interface Comparison {
	/**
	 * Granted, and never needed: not called, or a narrower right covers every call. A wildcard is never called as such, so it always
	 * stands here.
	 */
	readonly unused: readonly string[];
	/** Called, and refused or not granted by these objects. */
	readonly missing: readonly string[];
}

export interface RbacObject {
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string };
	readonly rules?: readonly Rule[];
	readonly roleRef?: { readonly kind: string; readonly name: string };
	readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

interface Rule {
	readonly verbs: readonly string[];
	readonly apiGroups?: readonly string[];
	readonly resources?: readonly string[];
	readonly resourceNames?: readonly string[];
	readonly nonResourceURLs?: readonly string[];
}

/** `objects`: everything that was applied; what is no binding of `user` is passed over. */
export function compareRights(auditLog: string, objects: readonly object[], user: string): Comparison {
	const rights = rightsOf(objects as readonly RbacObject[], user);
	const calls = callsOf(auditLog, user);
	return {
		unused: textsOf(rights.filter((right) => !calls.some((call) => !call.isRefused && isNeeded(right, call, rights)))),
		missing: textsOf(calls.filter((call) => call.isRefused || !rights.some((right) => covers(right, call)))),
	};
}

/** Each verb on each resource, and on each name where it has names. */
export function rightsOf(objects: readonly RbacObject[], user: string): Right[] {
	return objects
		.filter(({ subjects }) => subjects?.some((subject) => isMeant(subject, user)))
		.flatMap((binding) => {
			const { kind, name } = binding.roleRef ?? { kind: '', name: '' };
			const namespace = binding.kind === 'RoleBinding' ? binding.metadata.namespace : undefined;
			const role = objects.find(
				(one) =>
					one.kind === kind && one.metadata.name === name && (kind !== 'Role' || one.metadata.namespace === namespace),
			);
			// What such a role grants is not known here, and so neither whether it is used.
			if (role === undefined)
				throw new Error(
					`${binding.kind} ${binding.metadata.name} refers to ${kind} ${name}, which is not among the objects`,
				);
			return (role.rules ?? []).flatMap((rule) => rightsIn(rule, namespace));
		});
}

function rightsIn(rule: Rule, namespace: string | undefined): Right[] {
	const { verbs, apiGroups = [], resources = [], resourceNames = [undefined], nonResourceURLs = [] } = rule;
	const named = apiGroups.flatMap((group) => resources.map((resource) => resourceIn(group, resource)));
	return verbs.flatMap((verb) => [
		...named.flatMap((resource) => resourceNames.map((name) => ({ verb, resource, name, namespace }))),
		...nonResourceURLs.map((path) => ({ verb, resource: path, name: undefined, namespace: undefined })),
	]);
}

const resourceIn = (group: string, resource: string): string => (group === '' ? resource : `${resource}.${group}`);

/** A ServiceAccount is also in three groups. */
function isMeant({ kind, name, namespace }: { kind: string; name: string; namespace?: string }, user: string): boolean {
	if (kind === 'ServiceAccount') return `system:serviceaccount:${namespace}:${name}` === user;
	if (kind !== 'Group') return name === user;
	const [, , home] = /^(system:serviceaccount):([^:]+):/.exec(user) ?? [];
	const groups = [
		'system:authenticated',
		...(home ? ['system:serviceaccounts', `system:serviceaccounts:${home}`] : []),
	];
	return groups.includes(name);
}

interface Entry {
	readonly user?: { readonly username?: string };
	readonly verb: string;
	readonly requestURI?: string;
	readonly objectRef?: {
		readonly apiGroup?: string;
		readonly resource?: string;
		readonly subresource?: string;
		readonly namespace?: string;
		readonly name?: string;
	};
	readonly responseStatus?: { readonly code?: number };
	readonly annotations?: Readonly<Record<string, string>>;
}

/** Of `user` alone. What is no resource (`/version`, discovery) is open to every user, and only counts where it was refused. */
export function callsOf(auditLog: string, user: string): Call[] {
	// The last line may be half written.
	const lines = auditLog.slice(0, auditLog.lastIndexOf('\n') + 1).split('\n');
	return lines
		.filter((line) => line.includes(user))
		.map((line) => JSON.parse(line) as Entry)
		.filter((entry) => entry.user?.username === user)
		.map(callOf)
		.filter(({ resource, isRefused }) => isRefused || !resource.startsWith('/'));
}

function callOf({ verb, requestURI = '', objectRef, responseStatus, annotations }: Entry): Call {
	const decision = annotations?.['authorization.k8s.io/decision'];
	// A webhook may answer 403 too, to a call that was allowed.
	const isRefused = decision === undefined ? responseStatus?.code === 403 : decision === 'forbid';
	if (objectRef?.resource === undefined) {
		const [path = ''] = requestURI.split('?');
		return { verb, resource: path, name: undefined, namespace: undefined, isRefused };
	}
	const { apiGroup = '', resource, subresource, namespace, name } = objectRef;
	const full = resourceIn(apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
	return { verb, resource: full, name, namespace, isRefused };
}

const covers = (right: Right, call: Right): boolean =>
	right.verb === call.verb &&
	right.resource === call.resource &&
	(right.name === undefined || right.name === call.name) &&
	(right.namespace === undefined || right.namespace === call.namespace);

const isNeeded = (right: Right, call: Call, rights: readonly Right[]): boolean =>
	covers(right, call) && !rights.some((other) => covers(other, call) && isNarrower(other, right));

/** Else a right to every Secret would hide behind the one to our own. */
const isNarrower = (one: Right, other: Right): boolean =>
	(other.name === undefined || one.name === other.name) &&
	(other.namespace === undefined || one.namespace === other.namespace) &&
	(one.name !== other.name || one.namespace !== other.namespace);

const textsOf = (rights: readonly Right[]): string[] =>
	[
		...new Set(
			rights.map(({ verb, resource, name, namespace }) =>
				[
					verb,
					resource,
					...(name === undefined ? [] : ['named', name]),
					...(namespace === undefined ? [] : ['in', namespace]),
				].join(' '),
			),
		),
	].sort();
