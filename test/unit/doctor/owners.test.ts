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
const of =
	(object: Json, servers: readonly StoredServer[] = ALL) =>
	() => {
		const found = [deploymentOfServer(object), configMapOfServer(object)].flatMap((one) => one ?? []);
		return owners('Deployment', servers, found);
	};

const ALL = [stored('MCPServer'), stored('VirtualMCPServer'), stored('MCPRemoteProxy')];
const owned = (count: number): string => `ok: every Deployment of a server is owned by it (${count} checked)`;
const notOwned = (object: string, kind = 'MCPServer'): string =>
	`fail: ${object} is not owned by ${kind} web: scaling settings are not applied to it`;
const HELM = { ...reference('Helm'), apiVersion: 'v1' };

describe('doctor › owners', () => {
	for (const [kind, app, suffix, label] of [
		['MCPServer', 'mcpserver', 'runconfig', 'mcp-server'],
		['VirtualMCPServer', 'virtualmcpserver', 'vmcp-config', 'virtual-mcp-server'],
		['MCPRemoteProxy', 'mcpremoteproxy', 'runconfig', 'mcp-remote-proxy'],
	] as const) {
		reports(`Deployment of ${kind}`, of(deployment(app, [HELM, reference(kind)])), [owned(1)]);
		reports(`Deployment of ${kind} without owner`, of(deployment(app)), [notOwned('Deployment demo/web', kind)]);
		reports(`ConfigMap of ${kind}`, of(configMap(suffix, label, [reference(kind)])), [owned(1)]);
		const lost = notOwned(`ConfigMap demo/web-${suffix}`, kind);
		reports(`ConfigMap of ${kind} without owner`, of(configMap(suffix, label, [])), [lost]);
		const others = ALL.filter((one) => one.kind !== kind);
		reports(`names and labels of a missing ${kind}`, of(deployment(app), others), [owned(1)]);
	}
	for (const [title, object] of [
		['another name', deployment('mcpserver', [], { name: 'other' })],
		['no label toolhive', deployment('mcpserver', [], { labels: { app: 'mcpserver', 'toolhive-name': 'web' } })],
		['another app', deployment('web', [])],
		['a Deployment that is deleted', deployment('mcpserver', [], { deletionTimestamp: '2026-01-01T00:00:00Z' })],
		['ConfigMap with another label', configMap('runconfig', 'virtual-mcp-server', [])],
		['ConfigMap with another name', configMap('other', 'mcp-server', [])],
		[
			'ConfigMap that the operator does not manage',
			configMap('runconfig', 'mcp-server', [], { labels: { 'toolhive.stacklok.io/mcp-server': 'web' } }),
		],
	] as const)
		reports(title, of(object), [owned(0)]);

	const OWNER =
		'{"apiVersion":"toolhive.stacklok.dev/v1alpha1","kind":"MCPServer","name":"web","uid":"uid-web","controller":true}';
	const fixedBy = (list: string, object = 'deployment web'): string =>
		` → kubectl patch ${object} -n demo --type=merge -p '{"metadata":{"ownerReferences":[${list}]}}'`;
	const OTHER_GROUP = { apiVersion: 'example.com/v1', kind: 'MCPServer', name: "it's", uid: 'u' };
	const CONTROLLER = { apiVersion: 'apps/v1', kind: 'Rollout', name: 'web', uid: 'u', controller: true };
	const LOST = notOwned('Deployment demo/web');
	for (const [title, references, fix] of [
		['a former server', [reference('MCPServer', { uid: 'former' })], fixedBy(OWNER)],
		['another owner', [OTHER_GROUP], fixedBy(`${OWNER},${JSON.stringify(OTHER_GROUP)}`.replace("'", `'\\''`))],
		[
			'another controller',
			[CONTROLLER],
			' → rename the server, or remove controller Rollout web: kubectl edit deployment web -n demo',
		],
	] as const)
		reports(`the fix › ${title}`, of(deployment('mcpserver', [...references])), [LOST + fix]);
	reports('the fix › a ConfigMap', of(configMap('runconfig', 'mcp-server')), [
		notOwned('ConfigMap demo/web-runconfig') + fixedBy(OWNER, 'configmap web-runconfig'),
	]);
});
