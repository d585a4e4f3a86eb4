/**
 * Compares the webhook configurations with the names in the code. test/e2e/manifests tests which writes reach the
 * webhooks.
 */
import { expect } from 'chai';
import {
	GROUP,
	INSTALLED_AS,
	KIND_LIST,
	KINDS,
	LABEL_MANAGED_BY,
	LABEL_TOOLHIVE,
	VERSIONS,
} from '../../../src/api/names.ts';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import * as installed from '../../../src/api/webhook-configurations.ts';
import type { Webhook } from '../../harness/manifest-files.ts';
import { mutating, objectOf, podWebhooks, validating } from '../../harness/manifest-files.ts';

const allMutating = [...mutating(), ...podWebhooks()];
const all = [...allMutating, ...validating()];
const conditionsOf = ({ matchConditions = [] }: Webhook): string =>
	matchConditions.map(({ expression }) => expression).join('\n');
const servers = KIND_LIST.map((kind) => KINDS[kind].plural);

describe('manifests: webhooks', () => {
	for (const webhook of all) {
		const { name, rules, namespaceSelector, objectSelector, failurePolicy, timeoutSeconds } = webhook;
		const isMutating = allMutating.includes(webhook);

		it(`${name} › one rule, no system namespace, no side effects, a short timeout, called again if it mutates`, () => {
			expect(rules.map(({ scope }) => scope)).to.deep.equal(['Namespaced']);
			const [excluded] = namespaceSelector?.matchExpressions ?? [];
			expect(excluded).to.include({ key: 'kubernetes.io/metadata.name', operator: 'NotIn' });
			const names = [...installed.SYSTEM_NAMESPACES, objectOf('Namespace').metadata.name];
			expect(excluded?.values).to.have.members(names);
			expect(webhook).to.include({ sideEffects: 'None', matchPolicy: 'Equivalent' });
			expect(timeoutSeconds).to.be.within(1, isMutating ? 3 : 5);
			expect(webhook.reinvocationPolicy).to.equal(isMutating ? 'IfNeeded' : undefined);
		});
		it(`${name} › failurePolicy Fail only for objects of ToolHive`, () => {
			const { matchLabels = {}, matchExpressions = [] } = objectSelector ?? {};
			const ofLabels = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
			const isOfToolHive =
				rules[0]?.apiGroups.join() === GROUP ||
				ofLabels.some((key) => [LABEL_TOOLHIVE, LABEL_MANAGED_BY].includes(key));
			expect(failurePolicy).to.be.oneOf(isOfToolHive ? ['Fail', 'Ignore'] : ['Ignore']);
		});
	}

	it('names, paths, resources and operations › those that doctor checks', () => {
		const short = (kind: string, { name, clientConfig, rules: [rule] }: Webhook, isPodMode?: true) => ({
			...{ kind, name, path: clientConfig.service.path, group: rule?.apiGroups.join() },
			...{ resources: rule?.resources, operations: rule?.operations },
			...(isPodMode && { isPodMode }),
		});
		expect(installed.WEBHOOK_CONFIGURATIONS).to.have.deep.members([
			...mutating().map((webhook) => short('MutatingWebhookConfiguration', webhook)),
			...podWebhooks().map((webhook) => short('MutatingWebhookConfiguration', webhook, true)),
			...validating().map((webhook) => short('ValidatingWebhookConfiguration', webhook)),
		]);
		for (const kind of installed.WEBHOOK_CONFIGURATION_KINDS)
			expect(objectOf(kind).metadata.name).to.equal(INSTALLED_AS);
	});

	it('servers › in every version that the code reads; mutated only if they had a scaling field', () => {
		const ofServers = all.filter(({ rules }) => rules[0]?.apiGroups.join() === GROUP);
		expect(ofServers.map(({ failurePolicy }) => failurePolicy)).to.deep.equal(['Fail', 'Fail']);
		for (const { rules } of ofServers) {
			expect(rules[0]?.apiVersions).to.have.members([...VERSIONS]);
			expect(rules[0]?.resources).to.have.members(servers);
		}
		const fields = ofServers.flatMap((one) => [...conditionsOf(one).matchAll(/has\(oldObject\.spec\.(\w+)\)/g)]);
		const known = KIND_LIST.flatMap((kind) => Object.keys(SCALING_FIELDS[kind]));
		expect(new Set(fields.map(([, field]) => field))).to.deep.equal(new Set(known));
	});
});
