/** What the registrations promise to everybody else in the cluster, and that they agree with the words the code uses. */
import { expect } from 'chai';
import {
	GROUP,
	INSTALLED_AS,
	KIND_LIST,
	KINDS,
	LABEL_APP,
	LABEL_MANAGED_BY,
	LABEL_SERVER,
	LABEL_TOOLHIVE,
	MANAGED_BY_OPERATOR,
	VERSIONS,
} from '../../../src/api/names.ts';
import { SCALING_FIELDS } from '../../../src/api/schema.ts';
import {
	SYSTEM_NAMESPACES,
	WEBHOOK_CONFIGURATION_KINDS,
	WEBHOOK_CONFIGURATIONS,
} from '../../../src/api/webhook-configurations.ts';
import { mutating, objectOf, podWebhooks, validating } from '../../harness/manifest-files.ts';
import type { Selector, Webhook } from '../../harness/manifest-types.ts';

const SERVERS = KIND_LIST.map((kind) => KINDS[kind].plural);
const APPS = KIND_LIST.map((kind) => KINDS[kind].app);
const all = [...mutating(), ...podWebhooks(), ...validating()];

const resourcesOf = ({ rules }: Webhook): string[] => rules.flatMap((rule) => rule.resources);
const conditionsOf = ({ matchConditions = [] }: Webhook): string =>
	matchConditions.map(({ expression }) => expression).join('\n');

function mutatingOf(resource: string): Webhook {
	const found = [...mutating(), ...podWebhooks()].find((webhook) => resourcesOf(webhook).includes(resource));
	if (found === undefined) throw new Error(`no mutating webhook for ${resource}`);
	return found;
}

/** Values a selector demands of a label; undefined where it demands nothing. */
function demanded(
	{ matchLabels = {}, matchExpressions = [] }: Selector = {},
	key: string,
): readonly string[] | undefined {
	if (matchLabels[key] !== undefined) return [matchLabels[key]];
	return matchExpressions.find((one) => one.key === key && one.operator === 'In')?.values;
}

describe('manifests: webhook registrations', () => {
	describe('every webhook', () => {
		for (const webhook of all) {
			describe(webhook.name, () => {
				it('names each resource, and only the operations we answer', () => {
					for (const { apiGroups, apiVersions, resources, operations, scope } of webhook.rules) {
						expect([...apiGroups, ...apiVersions, ...resources, ...operations].join()).not.to.include('*');
						expect(['CREATE', 'UPDATE']).to.include.members([...operations]);
						expect(scope).to.equal('Namespaced');
					}
					expect(resourcesOf(webhook).filter((resource) => resource.endsWith('/status'))).to.deep.equal([]);
				});
				it('stays away from the system namespaces and from our own', () => {
					const [excluded] = webhook.namespaceSelector?.matchExpressions ?? [];
					expect(excluded).to.include({ key: 'kubernetes.io/metadata.name', operator: 'NotIn' });
					const ours = objectOf('Namespace').metadata.name;
					expect(excluded?.values).to.have.members([...SYSTEM_NAMESPACES, ours]);
				});
				it('has no side effects, matches equivalent versions and speaks v1', () => {
					expect(webhook.sideEffects).to.equal('None');
					expect(webhook.matchPolicy).to.equal('Equivalent');
					expect(webhook.admissionReviewVersions).to.deep.equal(['v1']);
				});
				it('says what happens when we are down', () => expect(webhook.failurePolicy).to.be.oneOf(['Fail', 'Ignore']));
				it('holds nobody up for long', () => expect(webhook.timeoutSeconds).to.be.within(1, 5));
				it('has a name of at least three segments', () => expect(webhook.name).to.match(/^[a-z-]+(\.[a-z-]+){2,}$/));
				it('fails closed only for objects of ToolHive', () => {
					const isToolHives =
						webhook.rules.every(({ apiGroups }) => apiGroups.every((group) => group === GROUP)) ||
						demanded(webhook.objectSelector, LABEL_TOOLHIVE) !== undefined ||
						demanded(webhook.objectSelector, LABEL_MANAGED_BY) !== undefined;
					expect(webhook.failurePolicy === 'Ignore' || isToolHives).to.equal(true);
				});
				it('lets objects that are being deleted go', () => {
					const isPlainUpdate = webhook.rules.some(({ operations }) => operations.includes('UPDATE'));
					if (!isPlainUpdate || resourcesOf(webhook).includes('deployments/scale')) return;
					expect(conditionsOf(webhook)).to.include('!has(oldObject.metadata.deletionTimestamp)');
				});
				it('never reads request.subResource without asking whether it is there', () => {
					const expression = conditionsOf(webhook);
					if (expression.includes('request.subResource')) expect(expression).to.include('has(request.subResource)');
				});
			});
		}

		it('has a name of its own', () => expect(new Set(all.map(({ name }) => name)).size).to.equal(all.length));
		it('of the mutating ones is called again when another one changed the object, and waits 3 s at most', () => {
			for (const webhook of [...mutating(), ...podWebhooks()]) {
				expect(webhook.reinvocationPolicy).to.equal('IfNeeded');
				expect(webhook.timeoutSeconds).to.be.at.most(3);
			}
		});
	});

	describe('the mutating ones', () => {
		it('cover servers, Deployments, their scale and ConfigMaps, and Pods only in pod mode', () => {
			expect(mutating().flatMap(resourcesOf)).to.have.members([
				...SERVERS,
				'deployments',
				'deployments/scale',
				'statefulsets',
				'configmaps',
			]);
			expect(podWebhooks().flatMap(resourcesOf)).to.deep.equal(['pods']);
		});
		for (const [resource, group, operations, failurePolicy] of [
			['mcpservers', GROUP, ['UPDATE'], 'Fail'],
			['deployments', 'apps', ['CREATE', 'UPDATE'], 'Fail'],
			['deployments/scale', 'apps', ['UPDATE'], 'Ignore'],
			['statefulsets', 'apps', ['UPDATE'], 'Ignore'],
			['configmaps', '', ['CREATE', 'UPDATE'], 'Fail'],
			['pods', '', ['CREATE'], 'Fail'],
		] as const) {
			it(`${resource}: ${operations.join(' and ')}, ${failurePolicy}`, () => {
				const { rules, failurePolicy: actual } = mutatingOf(resource);
				expect(rules).to.have.length(1);
				expect(rules[0]).to.deep.include({ apiGroups: [group], operations });
				expect(actual).to.equal(failurePolicy);
			});
		}
		it('ask about a server only when it had a scaling field to lose', () => {
			const named = [...conditionsOf(mutatingOf('mcpservers')).matchAll(/has\(oldObject\.spec\.(\w+)\)/g)].map(
				([, field]) => field,
			);
			expect(named).to.have.members([...new Set(KIND_LIST.flatMap((kind) => Object.keys(SCALING_FIELDS[kind])))]);
		});
		for (const resource of ['deployments', 'pods']) {
			it(`select ${resource} by ToolHive's labels of the three kinds`, () => {
				const { objectSelector } = mutatingOf(resource);
				expect(demanded(objectSelector, LABEL_TOOLHIVE)).to.deep.equal(['true']);
				expect(demanded(objectSelector, LABEL_APP)).to.have.members(APPS);
			});
		}
		it('select Pods that name their server', () => {
			expect(mutatingOf('pods').objectSelector?.matchExpressions).to.deep.include({
				key: LABEL_SERVER,
				operator: 'Exists',
			});
		});
		it('select ConfigMaps that the operator made for a proxy', () => {
			const { objectSelector } = mutatingOf('configmaps');
			expect(demanded(objectSelector, LABEL_MANAGED_BY)).to.deep.equal([MANAGED_BY_OPERATOR]);
			expect(demanded(objectSelector, 'toolhive.stacklok.io/component')).to.have.members(['run-config', 'vmcp-config']);
		});
		for (const resource of ['deployments', 'configmaps']) {
			it(`ask about ${resource} only when a server owns them`, () => {
				expect(conditionsOf(mutatingOf(resource))).to.include(`owner.apiVersion.startsWith('${GROUP}/')`);
			});
		}
		it('recognise a Scale by the selector text, since it has no labels', () => {
			const scale = mutatingOf('deployments/scale');
			expect(scale.objectSelector).to.equal(undefined);
			expect(conditionsOf(scale))
				.to.include(`'${LABEL_APP}=${KINDS.MCPServer.app}'`)
				.and.include(`'${LABEL_TOOLHIVE}=true'`);
		});
	});

	it('validating: servers, CREATE and UPDATE, fails closed', () => {
		expect(validating()).to.have.length(1);
		expect(validating().flatMap(resourcesOf)).to.have.members(SERVERS);
		expect(validating()[0]?.rules[0]?.operations).to.have.members(['CREATE', 'UPDATE']);
		expect(validating()[0]?.failurePolicy).to.equal('Fail');
	});

	it('are what `doctor` looks for', () => {
		const short = (kind: string, webhook: Webhook, isPodMode?: true) => ({
			kind,
			name: webhook.name,
			path: webhook.clientConfig.service.path,
			group: webhook.rules[0]?.apiGroups[0],
			resources: resourcesOf(webhook),
			operations: webhook.rules[0]?.operations,
			...(isPodMode && { isPodMode }),
		});
		expect(WEBHOOK_CONFIGURATIONS).to.have.deep.members([
			...mutating().map((webhook) => short('MutatingWebhookConfiguration', webhook)),
			...podWebhooks().map((webhook) => short('MutatingWebhookConfiguration', webhook, true)),
			...validating().map((webhook) => short('ValidatingWebhookConfiguration', webhook)),
		]);
		for (const kind of WEBHOOK_CONFIGURATION_KINDS) expect(objectOf(kind).metadata.name).to.equal(INSTALLED_AS);
	});

	it('servers are matched in every version we read', () => {
		for (const webhook of [mutatingOf('mcpservers'), ...validating()]) {
			expect(webhook.rules[0]?.apiVersions).to.have.members([...VERSIONS]);
		}
	});
});
