import { expect } from 'chai';
import { compareRights, type RbacObject } from '../../harness/rights.ts';

const US = 'system:serviceaccount:scaling:scaling';
const SUBJECTS = [{ kind: 'ServiceAccount', name: 'scaling', namespace: 'scaling' }];
type Rules = NonNullable<RbacObject['rules']>;

/** Bound in the whole cluster, and in our namespace. */
const grant = (cluster: Rules, own: Rules = []): RbacObject[] => [
	{ kind: 'ClusterRole', metadata: { name: 'wide' }, rules: cluster },
	{ kind: 'Role', metadata: { name: 'narrow', namespace: 'scaling' }, rules: own },
	{
		kind: 'ClusterRoleBinding',
		metadata: { name: 'wide' },
		roleRef: { kind: 'ClusterRole', name: 'wide' },
		subjects: SUBJECTS,
	},
	{
		kind: 'RoleBinding',
		metadata: { name: 'narrow', namespace: 'scaling' },
		roleRef: { kind: 'Role', name: 'narrow' },
		subjects: SUBJECTS,
	},
];
const rule = (verbs: string[], group: string, resources: string[], resourceNames?: string[]) => ({
	verbs,
	apiGroups: [group],
	resources,
	...(resourceNames !== undefined && { resourceNames }),
});

/** As an API server writes it. */
const line = (verb: string, objectRef: object | undefined, more: object = {}, username = US): string =>
	`${JSON.stringify({
		kind: 'Event',
		apiVersion: 'audit.k8s.io/v1',
		level: 'Metadata',
		stage: 'ResponseComplete',
		requestURI: '/version?x=1',
		verb,
		user: { username, groups: ['system:authenticated'] },
		...(objectRef !== undefined && { objectRef }),
		responseStatus: { code: 200 },
		annotations: { 'authorization.k8s.io/decision': 'allow' },
		...more,
	})}\n`;
const FORBIDDEN = { responseStatus: { code: 403 }, annotations: { 'authorization.k8s.io/decision': 'forbid' } };
const DEPLOYMENT = { resource: 'deployments', apiGroup: 'apps', apiVersion: 'v1', namespace: 'shop', name: 'web' };
const OUR_SECRET = { resource: 'secrets', apiVersion: 'v1', namespace: 'scaling', name: 'mine' };
const LIST = rule(['list'], 'apps', ['deployments']);
const listed = line('list', { ...DEPLOYMENT, name: undefined, namespace: undefined });

const ROWS = [
	{ it: 'what is granted and used', objects: grant([LIST]), log: listed, unused: [], missing: [] },
	{ it: 'nothing at all', objects: grant([]), log: '', unused: [], missing: [] },
	{ it: 'a right nobody used', objects: grant([LIST]), log: '', unused: ['list deployments.apps'], missing: [] },
	{
		it: 'each verb on each resource by itself',
		objects: grant([rule(['get', 'list'], 'apps', ['deployments', 'daemonsets'])]),
		log: listed,
		unused: ['get daemonsets.apps', 'get deployments.apps', 'list daemonsets.apps'],
		missing: [],
	},
	{
		it: 'the same resource of another group',
		objects: grant([rule(['list'], 'extensions', ['deployments'])]),
		log: listed,
		unused: ['list deployments.extensions'],
		missing: ['list deployments.apps'],
	},
	{
		it: 'a subresource, which its resource does not cover',
		objects: grant([rule(['patch'], 'apps', ['deployments'])]),
		log: line('patch', { ...DEPLOYMENT, subresource: 'scale' }),
		unused: ['patch deployments.apps'],
		missing: ['patch deployments/scale.apps named web in shop'],
	},
	{
		it: 'a name that was never used, beside one that was',
		objects: grant([], [rule(['get'], '', ['secrets'], ['mine', 'other'])]),
		log: line('get', OUR_SECRET),
		unused: ['get secrets named other in scaling'],
		missing: [],
	},
	{
		it: 'a name that was not granted',
		objects: grant([], [rule(['get'], '', ['secrets'], ['mine'])]),
		log: line('get', OUR_SECRET) + line('get', { ...OUR_SECRET, name: 'yours' }),
		unused: [],
		missing: ['get secrets named yours in scaling'],
	},
	{
		it: 'a Secret of another namespace',
		objects: grant([], [rule(['get'], '', ['secrets'], ['mine'])]),
		log: line('get', OUR_SECRET) + line('get', { ...OUR_SECRET, namespace: 'shop' }),
		unused: [],
		missing: ['get secrets named mine in shop'],
	},
	{
		it: 'a create, whose name the log may not have',
		objects: grant([], [rule(['create'], '', ['secrets'])]),
		log: line('create', { ...OUR_SECRET, name: undefined }),
		unused: [],
		missing: [],
	},
	{
		it: 'a call that was refused, whatever the objects say: they were not what is in force',
		objects: grant([LIST]),
		log: line('list', { ...DEPLOYMENT, name: undefined, namespace: undefined }, FORBIDDEN),
		unused: ['list deployments.apps'],
		missing: ['list deployments.apps'],
	},
	{
		it: 'a refusal of a log without annotations',
		objects: grant([LIST]),
		log: listed + line('delete', DEPLOYMENT, { responseStatus: { code: 403 }, annotations: undefined }),
		unused: [],
		missing: ['delete deployments.apps named web in shop'],
	},
	{
		it: 'a 403 of a webhook, which is no refusal of a right',
		objects: grant([rule(['patch'], 'apps', ['deployments'])]),
		log: line('patch', DEPLOYMENT, { responseStatus: { code: 403 } }),
		unused: [],
		missing: [],
	},
	{
		it: 'a watch that has only begun',
		objects: grant([rule(['watch'], 'apps', ['deployments'])]),
		log: line('watch', { ...DEPLOYMENT, name: undefined }, { stage: 'ResponseStarted' }),
		unused: [],
		missing: [],
	},
	{
		it: 'an escalation: every Secret, behind the right to our own',
		objects: grant([rule(['get'], '', ['secrets'])], [rule(['get'], '', ['secrets'], ['mine'])]),
		log: line('get', OUR_SECRET),
		unused: ['get secrets'],
		missing: [],
	},
	{
		it: 'an escalation: creating everywhere, behind creating at home',
		objects: grant([rule(['create'], '', ['secrets'])], [rule(['create'], '', ['secrets'])]),
		log: line('create', { ...OUR_SECRET, name: undefined }),
		unused: ['create secrets'],
		missing: [],
	},
	{
		it: 'a wide right and a narrow one that are both needed',
		objects: grant([rule(['get'], '', ['secrets'])], [rule(['get'], '', ['secrets'], ['mine'])]),
		log: line('get', OUR_SECRET) + line('get', { ...OUR_SECRET, namespace: 'shop' }),
		unused: [],
		missing: [],
	},
	{
		it: 'an escalation: a wildcard, which nobody uses as such',
		objects: grant([rule(['*'], '*', ['*'])]),
		log: listed,
		unused: ['* *.*'],
		missing: ['list deployments.apps'],
	},
	{
		it: 'an escalation: rights over rights, which no log shows as a verb',
		objects: grant([LIST, rule(['escalate', 'bind'], 'rbac.authorization.k8s.io', ['clusterroles'])]),
		log: listed,
		unused: ['bind clusterroles.rbac.authorization.k8s.io', 'escalate clusterroles.rbac.authorization.k8s.io'],
		missing: [],
	},
	{
		it: 'paths that are no resources: open to everybody, told where granted or refused',
		objects: grant([{ verbs: ['get'], nonResourceURLs: ['/metrics'] }]),
		log: line('get', undefined) + line('get', undefined, { requestURI: '/logs?x', ...FORBIDDEN }),
		unused: ['get /metrics'],
		missing: ['get /logs'],
	},
	{
		it: 'what others did, or did in our name',
		objects: grant([LIST]),
		log:
			line('list', DEPLOYMENT, {}, `${US}-other`) +
			line('delete', OUR_SECRET, { impersonatedUser: { username: US } }, 'admin'),
		unused: ['list deployments.apps'],
		missing: [],
	},
	{
		it: 'a last line that is half written',
		objects: grant([LIST]),
		log: listed + listed.slice(0, -20),
		unused: [],
		missing: [],
	},
	{
		it: 'a ClusterRole that a RoleBinding narrows',
		objects: [
			{ kind: 'ClusterRole', metadata: { name: 'wide' }, rules: [rule(['get'], '', ['secrets'])] },
			{
				kind: 'RoleBinding',
				metadata: { name: 'narrow', namespace: 'scaling' },
				roleRef: { kind: 'ClusterRole', name: 'wide' },
				subjects: [{ kind: 'Group', name: 'system:serviceaccounts:scaling' }],
			},
		],
		log: line('get', OUR_SECRET) + line('get', { ...OUR_SECRET, namespace: 'shop' }),
		unused: [],
		missing: ['get secrets named mine in shop'],
	},
	{
		it: 'a role that is bound to somebody else',
		objects: grant([LIST]).map((one) => ({ ...one, subjects: [{ kind: 'User', name: 'admin' }] })),
		log: listed,
		unused: [],
		missing: ['list deployments.apps'],
	},
];

describe('manifests: rights against an audit log', () => {
	for (const { it: what, objects, log, unused, missing } of ROWS) {
		it(what, () => expect(compareRights(log, objects, US)).to.deep.equal({ unused, missing }));
	}
	it('a binding to a role that nobody knows is no answer', () => {
		const [, , binding] = grant([]);
		const objects = [{ ...binding, roleRef: { kind: 'ClusterRole', name: 'cluster-admin' } } as RbacObject];
		expect(() => compareRights('', objects, US)).to.throw(
			'ClusterRoleBinding wide refers to ClusterRole cluster-admin, which is not among the objects',
		);
	});
});
