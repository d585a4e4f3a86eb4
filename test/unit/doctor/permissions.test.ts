import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import { checkPermissions } from '../../../src/doctor/permissions.ts';
import { contextOf, deploymentOf, FLAGS, refusal, reports } from './results.ts';

const USER = 'system:serviceaccount:ns:sa';
const checkWith = (isAllowed: ClusterReader['isAllowed'], more: Partial<typeof FLAGS> = {}) => {
	const product = { namespace: 'ns', name: 'toolhive-scaling' };
	const installed = installationOf(deploymentOf({}, { serviceAccountName: 'sa' }));
	const flags = { ...FLAGS, isSelfManaged: true, ...more };
	return checkPermissions(contextOf({ isAllowed }, { product, installed, flags }));
};
/** Denies the permissions that match, as text in the form `verb resource/subresource name in namespace`. */
const without = (denied: RegExp, more?: Partial<typeof FLAGS>) => () =>
	checkWith(async (_user, _groups, { verb, resource, subresource, name, namespace }) => {
		const path = [resource, subresource].filter(Boolean).join('/');
		return !denied.test(`${verb} ${path} ${name ?? ''}${namespace === undefined ? '' : ` in ${namespace}`}`);
	}, more);
const ALL = `ok: ${USER} has all 34 permissions that it needs`;
const mayNot = (what: string): string => `fail: ${USER} cannot ${what} → INSTALL`;

describe('doctor › permissions', () => {
	const ONE = /^patch mutatingwebhookconfigurations toolhive-scaling$/;
	const CERTIFICATES = /^\w+ (secrets|\w+webhookconfigurations) /;
	reports('all', without(/^$/), [ALL]);
	reports('none', without(/^/), [`fail: ${USER} has none of the 34 permissions … → INSTALL`]);
	reports('a supplied certificate', without(CERTIFICATES, { isSelfManaged: false }), [
		'ok: … has all 27 permissions …',
	]);
	reports('without get namespaces, with --namespace-label', without(/ namespaces /, { hasNamespaceLabel: true }), [
		mayNot('get namespaces'),
	]);
	reports('without one webhook configuration by name', without(ONE), [
		mayNot('patch mutatingwebhookconfigurations.… toolhive-scaling'),
	]);
	reports('without a subresource', without(/ mcpservers\/status /), [mayNot('patch mcpservers/status.…')]);
	reports('without a permission in its namespace', without(/^update leases toolhive-scaling in ns$/), [
		mayNot('update leases.coordination.k8s.io in its namespace'),
	]);
	const forbidden = () => checkWith(() => Promise.reject(refusal(403)));
	reports('the caller may not create SubjectAccessReviews', forbidden, [`warn: ${USER} was not checked: …`]);

	it('SubjectAccessReviews › the groups of the ServiceAccount', async () => {
		const requests: unknown[][] = [];
		await checkWith(async (...request) => requests.push(request) > 0);
		const groups = ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'];
		expect(requests[0]?.slice(0, 2)).to.deep.equal([USER, groups]);
	});
});
