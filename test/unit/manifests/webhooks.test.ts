/**
 * Compares the webhook configurations with the names in the code. test/e2e/manifests tests which writes reach the
 * webhooks.
 */
import { expect } from 'chai';
import { INSTALLED_AS } from '../../../src/api/names.ts';
import * as installed from '../../../src/api/webhook-configurations.ts';
import type { Webhook } from '../../harness/manifest-files.ts';
import { mutating, objectOf, podWebhooks, validating } from '../../harness/manifest-files.ts';

const allMutating = [...mutating(), ...podWebhooks()];
const all = [...allMutating, ...validating()];

describe('manifests: webhooks', () => {
	for (const webhook of all) {
		const { name, rules, namespaceSelector, timeoutSeconds } = webhook;
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
});
