import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import type { ServeFlags } from '../../../src/doctor/context.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import { checkPermissions } from '../../../src/doctor/permissions.ts';
import { contextOf, deploymentOf, fixes, refusal, sentences } from './results.ts';

const NEEDS = { isSelfManaged: true, hasNamespaceLabel: false };
const USER = 'system:serviceaccount:ns:sa';
const permissions = (isAllowed: ClusterReader['isAllowed'], needs: typeof NEEDS) =>
	checkPermissions(
		contextOf(
			{ isAllowed },
			{
				product: { namespace: 'ns', name: 'toolhive-scaling' },
				installed: installationOf(deploymentOf({}, { serviceAccountName: 'sa' })),
				flags: needs as ServeFlags,
			},
		),
	);

describe('doctor: permissions', () => {
	it('all of them', async () =>
		expect(sentences(await permissions(async () => true, NEEDS))).to.deep.equal([
			`ok: ${USER} may do all 34 things it needs`,
		]));
	it('none of them: one line', async () =>
		expect(sentences(await permissions(async () => false, NEEDS))).to.deep.equal([
			`fail: ${USER} may do none of the 34 things it needs`,
		]));
	it('the user supplies the certificate › fewer permissions', async () => {
		const isAllowed = async (_user: string, _groups: readonly string[], { resource }: Json) =>
			resource !== 'secrets' && !String(resource).endsWith('webhookconfigurations');
		expect(sentences(await permissions(isAllowed, { ...NEEDS, isSelfManaged: false }))).to.deep.equal([
			`ok: ${USER} may do all 27 things it needs`,
		]);
	});
	it('get namespaces › only with --namespace-label', async () => {
		const isAllowed = async (_user: string, _groups: readonly string[], { resource }: Json) =>
			resource !== 'namespaces';
		const say = async (hasNamespaceLabel: boolean) =>
			sentences(await permissions(isAllowed, { ...NEEDS, hasNamespaceLabel }));
		expect(await say(false)).to.deep.equal([`ok: ${USER} may do all 34 things it needs`]);
		expect(await say(true)).to.deep.equal([`fail: ${USER} may not get namespaces`]);
	});
	for (const row of [
		{
			it: 'one webhook configuration by name',
			denies: ({ resource, verb, name }: Json) =>
				resource === 'mutatingwebhookconfigurations' && verb === 'patch' && name === 'toolhive-scaling',
			says: [`fail: ${USER} may not patch mutatingwebhookconfigurations.admissionregistration.k8s.io toolhive-scaling`],
		},
		{
			it: 'several verbs of one resource › one line',
			denies: ({ resource, verb }: Json) => resource === 'configmaps' && verb !== 'get',
			says: [`fail: ${USER} may not list, watch and patch configmaps`],
		},
		{
			it: 'a subresource',
			denies: ({ resource, subresource }: Json) => resource === 'mcpservers' && subresource === 'status',
			says: [`fail: ${USER} may not patch mcpservers/status.toolhive.stacklok.dev`],
		},
		{
			it: 'a permission in its own namespace',
			denies: ({ verb, resource, name, namespace }: Json) =>
				resource === 'leases' && verb === 'update' && name === 'toolhive-scaling' && namespace === 'ns',
			says: [`fail: ${USER} may not update leases.coordination.k8s.io in its namespace`],
		},
	]) {
		it(row.it, async () => {
			const said = await permissions(async (_user, _groups, attributes) => !row.denies(attributes), NEEDS);
			expect(sentences(said)).to.deep.equal(row.says);
			expect(fixes(said)).to.deep.equal(['INSTALL']);
		});
	}
	it('SubjectAccessReviews › with the groups of the ServiceAccount, and names only for permissions with a name', async () => {
		const asked: [string, readonly string[], Json][] = [];
		await permissions(async (...question) => {
			asked.push(question);
			return true;
		}, NEEDS);
		expect(new Set(asked.map(([user]) => user))).to.deep.equal(new Set([USER]));
		expect(asked[0]?.[1]).to.deep.equal([
			'system:serviceaccounts',
			'system:serviceaccounts:ns',
			'system:authenticated',
		]);
		const narrow = asked.map(([, , attributes]) => attributes).filter(({ namespace }) => namespace !== undefined);
		expect(narrow).to.deep.equal([
			{ group: 'coordination.k8s.io', resource: 'leases', verb: 'create', namespace: 'ns' },
			...['get', 'update'].map((verb) => ({
				...{ group: 'coordination.k8s.io', resource: 'leases', verb, namespace: 'ns', name: 'toolhive-scaling' },
			})),
			{ group: '', resource: 'secrets', verb: 'create', namespace: 'ns' },
			...['get', 'update'].map((verb) => ({
				...{ group: '', resource: 'secrets', verb, namespace: 'ns', name: 'toolhive-scaling-certificates' },
			})),
		]);
	});
	it('the caller may not create SubjectAccessReviews › a warning', async () =>
		expect(sentences(await permissions(() => Promise.reject(refusal(403)), NEEDS))).to.deep.equal([
			`warn: ${USER} was not looked at: you may not ask what others may do`,
		]));
});
