import { describe } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import { configMapOfServer, deploymentOfServer, owners, type StoredServer } from '../../../src/doctor/owners.ts';
import { reports, server } from './results.ts';

const stored = (kind: Server['kind']): StoredServer => ({
	...server('web', {}, { kind }),
	apiVersion: 'toolhive.stacklok.dev/v1alpha1',
});
const reference = (kind: string, more: Json = {}): Json => ({
	...{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind, name: 'web', uid: 'uid-web', controller: true },
	...more,
});
const deployment = (app: string, ownerReferences?: Json[], metadata: Json = {}): Json => {
	const labels = { toolhive: 'true', app, 'toolhive-name': 'web' };
	return { metadata: { namespace: 'demo', name: 'web', labels, ownerReferences, ...metadata } };
};
const configMap = (suffix: string, label: string, ownerReferences?: Json[], metadata: Json = {}): Json => {
	const labels = { 'toolhive.stacklok.io/managed-by': 'toolhive-operator', [`toolhive.stacklok.io/${label}`]: 'web' };
	return { metadata: { namespace: 'demo', name: `web-${suffix}`, labels, ownerReferences, ...metadata } };
};
const ALL = [stored('MCPServer'), stored('VirtualMCPServer'), stored('MCPRemoteProxy')];
const deployments = (...objects: Json[]) =>
	owners(
		'Deployment',
		ALL,
		objects.flatMap((object) => deploymentOfServer(object) ?? []),
	);
const configMaps = (...objects: Json[]) =>
	owners(
		'ConfigMap',
		ALL,
		objects.flatMap((object) => configMapOfServer(object) ?? []),
	);

const OWNED = (kind: string, count: number): string =>
	`ok: every ${kind} of a server is owned by it (${count} checked)`;
const HELM = { ...reference('Helm'), apiVersion: 'v1' };

describe('doctor › owners', () => {
	for (const [kind, app, suffix, label] of [
		['MCPServer', 'mcpserver', 'runconfig', 'mcp-server'],
		['VirtualMCPServer', 'virtualmcpserver', 'vmcp-config', 'virtual-mcp-server'],
		['MCPRemoteProxy', 'mcpremoteproxy', 'runconfig', 'mcp-remote-proxy'],
	] as const) {
		const REFERENCES: readonly (readonly [title: string, references: Json[] | undefined, isOwned: boolean])[] = [
			['owned', [reference(kind)], true],
			['no ownerReferences', undefined, false],
			['empty ownerReferences', [], false],
			['an owner with another uid', [reference(kind, { uid: 'former' })], false],
			['an owner that is not a server', [HELM], false],
			['a second owner', [HELM, reference(kind)], true],
		];
		const notOwned = (object: string): string =>
			`fail: ${object} is not owned by ${kind} web: scaling settings are not applied to it`;
		for (const [title, references, isOwned] of REFERENCES) {
			reports(`Deployment of ${kind} › ${title}`, () => deployments(deployment(app, references)), [
				isOwned ? OWNED('Deployment', 1) : notOwned('Deployment demo/web'),
			]);
			reports(`ConfigMap of ${kind} › ${title}`, () => configMaps(configMap(suffix, label, references)), [
				isOwned ? OWNED('ConfigMap', 1) : notOwned(`ConfigMap demo/web-${suffix}`),
			]);
		}
		const others = ALL.filter((one) => one.kind !== kind);
		const found = [deploymentOfServer(deployment(app)) ?? [], configMapOfServer(configMap(suffix, label)) ?? []].flat();
		reports(`names and labels of a missing ${kind}`, () => owners('Deployment', others, found), [
			OWNED('Deployment', 2),
		]);
	}

	const LABELS = { app: 'mcpserver', 'toolhive-name': 'web' };
	const DELETED = { deletionTimestamp: '2026-01-01T00:00:00Z' };
	reports('Deployment with another name', () => deployments(deployment('mcpserver', [], { name: 'other' })), [
		OWNED('Deployment', 0),
	]);
	reports('Deployment without a label', () => deployments(deployment('mcpserver', [], { labels: LABELS })), [
		OWNED('Deployment', 0),
	]);
	reports('Deployment of another app', () => deployments(deployment('web', [])), [OWNED('Deployment', 0)]);
	reports('Deployment that is deleted', () => deployments(deployment('mcpserver', [], DELETED)), [
		OWNED('Deployment', 0),
	]);
	reports('empty Deployment', () => deployments({}), [OWNED('Deployment', 0)]);
	reports('ConfigMap with another label', () => configMaps(configMap('runconfig', 'virtual-mcp-server', [])), [
		OWNED('ConfigMap', 0),
	]);
	reports('ConfigMap with another name', () => configMaps(configMap('other', 'mcp-server', [])), [
		OWNED('ConfigMap', 0),
	]);
	reports(
		'ConfigMap that the operator does not manage',
		() =>
			configMaps(configMap('runconfig', 'mcp-server', [], { labels: { 'toolhive.stacklok.io/mcp-server': 'web' } })),
		[OWNED('ConfigMap', 0)],
	);
	reports('empty ConfigMap', () => configMaps({}), [OWNED('ConfigMap', 0)]);

	const OWNER_PATCH =
		'{"apiVersion":"toolhive.stacklok.dev/v1alpha1","kind":"MCPServer","name":"web","uid":"uid-web","controller":true}';
	const fixedBy = (list: string, object = 'deployment web'): string =>
		`fail: ${object.startsWith('configmap') ? 'ConfigMap demo/web-runconfig' : 'Deployment demo/web'} is not owned by MCPServer web: scaling settings are not applied to it → kubectl patch ${object} -n demo --type=merge -p '{"metadata":{"ownerReferences":[${list}]}}'`;
	const owned =
		(...references: Json[]) =>
		() =>
			deployments(deployment('mcpserver', references));
	const OTHER = { apiVersion: 'v1', kind: 'ConfigMap', name: "it's", uid: 'u' };
	const OTHER_GROUP = { apiVersion: 'example.com/v1', kind: 'MCPServer', name: 'web', uid: 'u' };
	const CONTROLLER = { apiVersion: 'apps/v1', kind: 'Rollout', name: 'web', uid: 'u', controller: true };
	const QUOTED = { ...deploymentOfServer(deployment('mcpserver')), name: 'web; reboot' } as Parameters<
		typeof owners
	>[2][0];
	reports('the fix › no owner', owned(), [fixedBy(OWNER_PATCH)]);
	reports('the fix › a former server', owned(reference('MCPServer', { uid: 'former' })), [fixedBy(OWNER_PATCH)]);
	reports('the fix › another owner', owned(OTHER), [
		fixedBy(`${OWNER_PATCH},${JSON.stringify(OTHER)}`.replace("'", `'\\''`)),
	]);
	reports('the fix › an owner of another group', owned(OTHER_GROUP), [
		fixedBy(`${OWNER_PATCH},${JSON.stringify(OTHER_GROUP)}`),
	]);
	reports('the fix › another controller', owned(CONTROLLER), [
		'fail: Deployment demo/web is not owned by MCPServer web: scaling settings are not applied to it → rename the server, or remove controller Rollout web: kubectl edit deployment web -n demo',
	]);
	reports('the fix › a name with a space and a semicolon', () => owners('Deployment', ALL, [QUOTED]), [
		fixedBy(OWNER_PATCH, "deployment 'web; reboot'").replace('demo/web', 'demo/web; reboot'),
	]);
	reports('the fix › a ConfigMap', () => configMaps(configMap('runconfig', 'mcp-server')), [
		fixedBy(OWNER_PATCH, 'configmap web-runconfig'),
	]);
});
