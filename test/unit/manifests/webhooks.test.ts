/** The webhook configurations: their effect on the rest of the cluster, and the names that the code uses. */
import { expect } from 'chai';
import * as names from '../../../src/api/names.ts';
import {
	GROUP,
	KIND_LIST,
	KINDS,
	LABEL_APP,
	LABEL_MANAGED_BY,
	LABEL_SERVER,
	LABEL_TOOLHIVE,
} from '../../../src/api/names.ts';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import * as installed from '../../../src/api/webhook-configurations.ts';
import { mutating, objectOf, podWebhooks, validating } from '../../harness/manifest-files.ts';
import type { Selector, Webhook } from '../../harness/manifest-types.ts';

const allMutating = [...mutating(), ...podWebhooks()];
const all = [...allMutating, ...validating()];

const resourcesOf = ({ rules }: Webhook): string[] => rules.flatMap((rule) => rule.resources);
const conditionsOf = ({ matchConditions = [] }: Webhook): string =>
	matchConditions.map(({ expression }) => expression).join('\n');
const mutatingOf = (resource: string): Webhook =>
	allMutating.find((webhook) => resourcesOf(webhook).includes(resource)) ?? expect.fail(`no webhook for ${resource}`);

/** Values that a selector requires of a label, undefined if it requires none. */
function required(
	{ matchLabels = {}, matchExpressions = [] }: Selector = {},
	key: string,
): readonly string[] | undefined {
	if (matchLabels[key] !== undefined) return [matchLabels[key]];
	return matchExpressions.find((one) => one.key === key && one.operator === 'In')?.values;
}

describe('manifests: webhooks', () => {
	for (const webhook of all) {
		const { name, rules, namespaceSelector, objectSelector, failurePolicy, timeoutSeconds } = webhook;

		it(`${name} › no wildcard, no status, no system namespace, at most 5 s, no side effects`, () => {
			expect(name).to.match(/^[a-z-]+(\.[a-z-]+){2,}$/);
			for (const { apiGroups, apiVersions, resources, operations, scope } of rules) {
				expect([...apiGroups, ...apiVersions, ...resources, ...operations].join()).not.to.match(/\*|\/status/);
				expect(scope).to.equal('Namespaced');
			}
			const [excluded] = namespaceSelector?.matchExpressions ?? [];
			expect(excluded).to.include({ key: 'kubernetes.io/metadata.name', operator: 'NotIn' });
			const excludedNames = [...installed.SYSTEM_NAMESPACES, objectOf('Namespace').metadata.name];
			expect(excluded?.values).to.have.members(excludedNames);
			expect(webhook).to.deep.include({
				sideEffects: 'None',
				matchPolicy: 'Equivalent',
				admissionReviewVersions: ['v1'],
			});
			expect(timeoutSeconds).to.be.within(1, 5);
		});
		it(`${name} › failurePolicy Fail only for objects of ToolHive`, () => {
			const isOfToolHive =
				rules.every(({ apiGroups }) => apiGroups.every((group) => group === GROUP)) ||
				[LABEL_TOOLHIVE, LABEL_MANAGED_BY].some((label) => required(objectSelector, label) !== undefined);
			expect(failurePolicy).to.be.oneOf(isOfToolHive ? ['Fail', 'Ignore'] : ['Ignore']);
		});
		it(`${name} › skips objects that are being deleted, and tests for subResource before it reads it`, () => {
			const expression = conditionsOf(webhook);
			const isUpdate = rules.some(({ operations }) => operations.includes('UPDATE'));
			if (isUpdate && !resourcesOf(webhook).includes('deployments/scale'))
				expect(expression).to.include('!has(oldObject.metadata.deletionTimestamp)');
			if (expression.includes('request.subResource')) expect(expression).to.include('has(request.subResource)');
		});
	}

	it('names › are unique', () => expect(new Set(all.map(({ name }) => name)).size).to.equal(all.length));

	it('mutating webhooks › reinvoked after a change by another one, and wait 3 s at most', () => {
		for (const { reinvocationPolicy, timeoutSeconds } of allMutating) {
			expect(reinvocationPolicy).to.equal('IfNeeded');
			expect(timeoutSeconds).to.be.at.most(3);
		}
	});

	it('names, paths, resources and operations › those that doctor checks', () => {
		const short = (kind: string, webhook: Webhook, isPodMode?: true) => ({
			kind,
			name: webhook.name,
			path: webhook.clientConfig.service.path,
			group: webhook.rules[0]?.apiGroups.join(),
			resources: resourcesOf(webhook),
			operations: webhook.rules[0]?.operations,
			...(isPodMode && { isPodMode }),
		});
		expect(installed.WEBHOOK_CONFIGURATIONS).to.have.deep.members([
			...mutating().map((webhook) => short('MutatingWebhookConfiguration', webhook)),
			...podWebhooks().map((webhook) => short('MutatingWebhookConfiguration', webhook, true)),
			...validating().map((webhook) => short('ValidatingWebhookConfiguration', webhook)),
		]);
		for (const { rules } of all) expect(rules).to.have.length(1);
		for (const kind of installed.WEBHOOK_CONFIGURATION_KINDS)
			expect(objectOf(kind).metadata.name).to.equal(names.INSTALLED_AS);
	});

	const servers = KIND_LIST.map((kind) => KINDS[kind].plural).join();
	for (const [resources, operations, failurePolicy] of [
		[servers, 'UPDATE', 'Fail'],
		['deployments', 'CREATE,UPDATE', 'Fail'],
		['deployments/scale', 'UPDATE', 'Ignore'],
		['statefulsets', 'UPDATE', 'Ignore'],
		['configmaps', 'CREATE,UPDATE', 'Fail'],
		['pods', 'CREATE', 'Fail'],
	]) {
		it(`${resources} › mutated on ${operations} › ${failurePolicy}`, () => {
			const found = allMutating.filter((webhook) => resourcesOf(webhook).join() === resources);
			expect(found.map((webhook) => [String(webhook.rules[0]?.operations), webhook.failurePolicy])).to.deep.equal([
				[operations, failurePolicy],
			]);
		});
	}
	it('servers › validated by one webhook on CREATE and UPDATE, Fail, in every version that the code reads', () => {
		const [webhook] = validating();
		expect(validating()).to.have.length(1);
		expect(webhook?.failurePolicy).to.equal('Fail');
		expect(webhook?.rules[0]).to.deep.include({ operations: ['CREATE', 'UPDATE'] });
		expect(String(webhook?.rules[0]?.resources)).to.equal(servers);
		for (const one of [mutatingOf('mcpservers'), webhook])
			expect(one?.rules[0]?.apiVersions).to.have.members([...names.VERSIONS]);
	});
	it('servers › mutated only if they had a scaling field', () => {
		const fields = [...conditionsOf(mutatingOf('mcpservers')).matchAll(/has\(oldObject\.spec\.(\w+)\)/g)];
		const known = KIND_LIST.flatMap((kind) => Object.keys(SCALING_FIELDS[kind]));
		expect(fields.map(([, field]) => field)).to.have.members([...new Set(known)]);
	});
	it('Deployments, Pods and ConfigMaps › selected by the labels of ToolHive, and by an owner', () => {
		for (const resource of ['deployments', 'pods']) {
			const { objectSelector } = mutatingOf(resource);
			expect(required(objectSelector, LABEL_TOOLHIVE)).to.deep.equal(['true']);
			expect(required(objectSelector, LABEL_APP)).to.have.members(KIND_LIST.map((kind) => KINDS[kind].app));
		}
		const ofPods = mutatingOf('pods').objectSelector?.matchExpressions;
		expect(ofPods).to.deep.include({ key: LABEL_SERVER, operator: 'Exists' });
		const { objectSelector } = mutatingOf('configmaps');
		expect(required(objectSelector, LABEL_MANAGED_BY)).to.deep.equal([names.MANAGED_BY_OPERATOR]);
		expect(required(objectSelector, 'toolhive.stacklok.io/component')).to.have.members(['run-config', 'vmcp-config']);
		for (const resource of ['deployments', 'configmaps'])
			expect(conditionsOf(mutatingOf(resource))).to.include(`owner.apiVersion.startsWith('${GROUP}/')`);
	});
	it('a Scale › recognised by the text of its selector, because it has no labels', () => {
		const scale = mutatingOf('deployments/scale');
		expect(scale.objectSelector).to.equal(undefined);
		for (const label of [`${LABEL_APP}=${KINDS.MCPServer.app}`, `${LABEL_TOOLHIVE}=true`])
			expect(conditionsOf(scale)).to.include(`'${label}'`);
	});
});
