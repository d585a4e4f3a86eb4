import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import {
	allOf,
	checkWebhookConfigurations,
	findWebhooks,
	isSelected,
} from '../../../src/doctor/webhook-configurations.ts';
import { objectOf, podWebhooks } from '../../harness/manifest-files.ts';
import { type Check, contextOf, FLAGS, reports } from './results.ts';

// biome-ignore lint/suspicious/noExplicitAny: a webhook configuration is taken apart here
type Configuration = any;

/** Returns the results after `fault` has changed the mutating configuration, or deleted it by returning undefined. */
const after = (fault: (webhooks: Configuration[]) => unknown, passwordEnv?: string) => () => {
	// YAML anchors make webhooks share parts, so a JSON round trip creates independent copies.
	const mutating: Configuration = JSON.parse(JSON.stringify(objectOf('MutatingWebhookConfiguration')));
	const isDeleted = fault(mutating.webhooks) === 'deleted';
	const objects: Readonly<Record<string, Json | undefined>> = {
		MutatingWebhookConfiguration: isDeleted ? undefined : mutating,
		ValidatingWebhookConfiguration: { ...objectOf('ValidatingWebhookConfiguration') },
	};
	const webhooksByKind = () => findWebhooks(async (kind) => objects[kind]);
	const flags = passwordEnv === undefined ? undefined : { ...FLAGS, passwordEnv };
	return checkWebhookConfigurations(contextOf({}, { webhooksByKind, flags }));
};
const addPods = (webhooks: Configuration[]): unknown => webhooks.push(...podWebhooks());
const ruleOf = (webhook: Configuration) => webhook.rules[0];

const NAME = 'MutatingWebhookConfiguration toolhive-scaling';
const COMPLETE = `ok: ${NAME} has its 5 webhooks`;
const lacks = (what: string): string => `fail: ${NAME} ${what} → INSTALL`;
const NO_DEPLOYMENTS = lacks('deployments.mutate… is not called for deployments');

const FAULTS: readonly (readonly [title: string, check: Check, line: string])[] = [
	['as in the manifests', after(() => {}), COMPLETE],
	['pod mode without its webhook', after(() => {}, 'pod'), 'fail: … lacks pods.mutate… → set both …'],
	['the webhook of pod mode without the flag', after(addPods, 'deployment'), 'fail: … has pods.mutate… → set both …'],
	['pod mode, flag unknown', after(addPods), `ok: ${NAME} has its 6 webhooks`],
	['deleted', after(() => 'deleted'), lacks('does not exist: the API server does not call the webhooks')],
	['a webhook is missing', after((all) => all.splice(2, 1)), lacks('lacks scale.mutate.toolhive-scaling.svc')],
	[
		'another path',
		after((all) => Object.assign(all[1].clientConfig.service, { path: '/validate' })),
		lacks('sends deployments.mutate.toolhive-scaling.svc to /validate, not to /mutate'),
	],
	['a URL', after((all) => Object.assign(all[1], { clientConfig: { url: 'https://a/mutate' } })), COMPLETE],
	[
		'a resource is missing',
		after((all) => Object.assign(ruleOf(all[0]), { resources: ['mcpservers', 'mcpremoteproxies'] })),
		lacks('servers.mutate… is not called for virtualmcpservers'),
	],
	[
		'an operation is missing',
		after((all) => Object.assign(ruleOf(all[1]), { operations: ['CREATE'] })),
		NO_DEPLOYMENTS,
	],
	[
		'wildcards',
		after((all) => Object.assign(ruleOf(all[0]), { apiGroups: ['*'], resources: ['*'], operations: ['*'] })),
		COMPLETE,
	],
];

describe('doctor › webhook configurations', () => {
	const VALIDATING = 'ok: ValidatingWebhookConfiguration toolhive-scaling has its webhook';
	for (const [title, check, line] of FAULTS) reports(title, check, [line, VALIDATING]);

	it('the annotation of cert-manager › injectedFrom', async () => {
		const annotations = { 'cert-manager.io/inject-ca-from': 'scaling/toolhive-scaling' };
		const object = { metadata: { annotations }, webhooks: [{ name: 'one' }] };
		const found = await findWebhooks(async (kind) => (kind === 'MutatingWebhookConfiguration' ? object : undefined));
		expect(allOf(found).map(({ injectedFrom }) => injectedFrom)).to.deep.equal(['scaling/toolhive-scaling']);
	});

	const expression = (key: string, operator: string, ...values: string[]): Json => ({
		matchExpressions: [{ key, operator, values }],
	});
	for (const [selector, isMatch] of [
		[{}, true],
		[{ matchLabels: { team: 'blue' } }, false],
		[expression('team', 'In', 'red', 'blue'), true],
		[expression('team', 'In', 'blue'), false],
		[expression('name', 'NotIn', 'demo'), false],
		[expression('name', 'NotIn', 'other'), true],
		[expression('none', 'NotIn', 'demo'), true],
		[expression('team', 'Exists'), true],
		[expression('team', 'DoesNotExist'), false],
	] as const)
		it(`namespaceSelector ${JSON.stringify(selector)} › ${isMatch ? 'matches' : 'does not match'}`, () =>
			expect(isSelected(selector, { name: 'demo', team: 'red' })).to.equal(isMatch));
});
