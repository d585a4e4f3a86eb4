import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import type { ServeFlags } from '../../../src/doctor/context.ts';
import {
	allOf,
	checkWebhookConfigurations,
	findWebhooks,
	isSelected,
} from '../../../src/doctor/webhook-configurations.ts';
import { objectOf, podWebhooks } from '../../harness/manifest-files.ts';
import { contextOf, sentences } from './results.ts';

// biome-ignore lint/suspicious/noExplicitAny: a registration is taken apart here
type Objects = Record<string, any>;

/** What YAML says once for several webhooks becomes several. */
const copyOf = (object: object): Objects => JSON.parse(JSON.stringify(object));

const examined = async (spoil: (objects: Objects) => void, passwordEnv?: string) => {
	const objects: Objects = {
		MutatingWebhookConfiguration: copyOf(objectOf('MutatingWebhookConfiguration')),
		ValidatingWebhookConfiguration: copyOf(objectOf('ValidatingWebhookConfiguration')),
	};
	spoil(objects);
	const webhooksByKind = () => findWebhooks(async (kind) => objects[kind] as Json | undefined);
	const flags = passwordEnv === undefined ? undefined : ({ passwordEnv } as ServeFlags);
	return sentences(await checkWebhookConfigurations(contextOf({}, { webhooksByKind, flags })));
};

const MUTATING = 'MutatingWebhookConfiguration toolhive-scaling';
const entry = (objects: Objects, index: number) => objects['MutatingWebhookConfiguration'].webhooks[index];
const addPods = (objects: Objects): void => {
	objects['MutatingWebhookConfiguration'].webhooks.push(...podWebhooks());
};

const rows = [
	{ it: 'as the manifests have it', spoil: () => {}, says: `ok: ${MUTATING} has its 5 webhooks` },
	{ it: 'in pod mode', spoil: addPods, passwordEnv: 'pod', says: `ok: ${MUTATING} has its 6 webhooks` },
	{
		it: 'pod mode without its webhook',
		spoil: () => {},
		passwordEnv: 'pod',
		says: `fail: ${MUTATING} lacks pods.mutate.toolhive-scaling.svc, and --password-env=pod: no proxy gets its password`,
	},
	{
		it: 'the webhook of pod mode without the flag',
		spoil: addPods,
		passwordEnv: 'deployment',
		says: `fail: ${MUTATING} has pods.mutate.toolhive-scaling.svc, but --password-env=deployment ignores Pods`,
	},
	{
		it: 'the webhook of pod mode, and the flag is unknown',
		spoil: addPods,
		says: `ok: ${MUTATING} has its 6 webhooks`,
	},
	{
		it: 'not there',
		spoil: (objects: Objects) => {
			delete objects['MutatingWebhookConfiguration'];
		},
		says: `fail: ${MUTATING} is not there: nobody asks the webhooks`,
	},
	{
		it: 'one webhook is missing',
		spoil: (objects: Objects) => objects['MutatingWebhookConfiguration'].webhooks.splice(2, 1),
		says: `fail: ${MUTATING} lacks scale.mutate.toolhive-scaling.svc`,
	},
	{
		it: 'another path',
		spoil: (objects: Objects) => {
			entry(objects, 1).clientConfig.service.path = '/validate';
		},
		says: `fail: ${MUTATING} sends deployments.mutate.toolhive-scaling.svc to /validate, not to /mutate`,
	},
	{
		it: 'a URL with the right path',
		spoil: (objects: Objects) => {
			entry(objects, 1).clientConfig = { url: 'https://example.com:8443/mutate' };
		},
		says: `ok: ${MUTATING} has its 5 webhooks`,
	},
	{
		it: 'a resource that is not in the rules',
		spoil: (objects: Objects) => {
			entry(objects, 0).rules[0].resources = ['mcpservers', 'mcpremoteproxies'];
		},
		says: `fail: ${MUTATING} servers.mutate.toolhive-scaling.svc is not asked about virtualmcpservers`,
	},
	{
		it: 'an operation that is not in the rules',
		spoil: (objects: Objects) => {
			entry(objects, 1).rules[0].operations = ['CREATE'];
		},
		says: `fail: ${MUTATING} deployments.mutate.toolhive-scaling.svc is not asked about deployments`,
	},
	{
		it: 'the resources of another API group',
		spoil: (objects: Objects) => {
			entry(objects, 1).rules[0].apiGroups = ['extensions'];
		},
		says: `fail: ${MUTATING} deployments.mutate.toolhive-scaling.svc is not asked about deployments`,
	},
	{
		it: 'everything',
		spoil: (objects: Objects) => {
			entry(objects, 0).rules = [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }];
		},
		says: `ok: ${MUTATING} has its 5 webhooks`,
	},
];

describe('doctor: webhook configurations', () => {
	for (const row of rows) {
		it(row.it, async () => {
			expect(await examined(row.spoil, row.passwordEnv)).to.deep.equal([
				row.says,
				'ok: ValidatingWebhookConfiguration toolhive-scaling has its webhook',
			]);
		});
	}

	it('the annotation of cert-manager › injectedFrom', async () => {
		const annotations = { 'cert-manager.io/inject-ca-from': 'scaling/toolhive-scaling' };
		const object = { metadata: { annotations }, webhooks: [{ name: 'one' }] };
		const found = allOf(
			await findWebhooks(async (kind) => (kind === 'MutatingWebhookConfiguration' ? object : undefined)),
		);
		expect(found.map(({ injectedFrom }) => injectedFrom)).to.deep.equal(['scaling/toolhive-scaling']);
	});

	const labels = { name: 'demo', team: 'red' };
	for (const [selector, isIn] of [
		[{}, true],
		[{ matchLabels: { team: 'red' } }, true],
		[{ matchLabels: { team: 'blue' } }, false],
		[{ matchExpressions: [{ key: 'team', operator: 'In', values: ['red', 'blue'] }] }, true],
		[{ matchExpressions: [{ key: 'team', operator: 'In', values: ['blue'] }] }, false],
		[{ matchExpressions: [{ key: 'name', operator: 'NotIn', values: ['demo'] }] }, false],
		[{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['demo'] }] }, true],
		[{ matchExpressions: [{ key: 'team', operator: 'Exists' }] }, true],
		[{ matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, false],
	] as const) {
		it(`namespaceSelector ${JSON.stringify(selector)} takes ${isIn ? 'it in' : 'it out'}`, () =>
			expect(isSelected(selector as Json, labels)).to.equal(isIn));
	}
});
