import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import {
	configMapOfServer,
	deploymentOfServer,
	owners,
	type ServerObject,
	type StoredServer,
} from '../../../src/doctor/owners.ts';
import { fixes, sentences, server } from './results.ts';

const stored = (kind: Server['kind'], name = 'web'): StoredServer => ({
	...server(name, {}, { kind }),
	apiVersion: 'toolhive.stacklok.dev/v1alpha1',
});
const reference = (kind: string, more: Json = {}): Json => ({
	...{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind, name: 'web', uid: 'uid-web', controller: true },
	...more,
});
const deployment = (app: string, ownerReferences?: Json[], metadata: Json = {}): Json => {
	const labels = { toolhive: 'true', app, 'toolhive-name': 'web' };
	return {
		metadata: { namespace: 'demo', name: 'web', labels, ...(ownerReferences && { ownerReferences }), ...metadata },
	};
};
const configMap = (suffix: string, label: string, ownerReferences?: Json[], metadata: Json = {}): Json => {
	const labels = { 'toolhive.stacklok.io/managed-by': 'toolhive-operator', [`toolhive.stacklok.io/${label}`]: 'web' };
	const name = `web-${suffix}`;
	return { metadata: { namespace: 'demo', name, labels, ...(ownerReferences && { ownerReferences }), ...metadata } };
};
const judged = (kind: 'Deployment' | 'ConfigMap', servers: readonly StoredServer[], ...objects: Json[]) => {
	const read = kind === 'Deployment' ? deploymentOfServer : configMapOfServer;
	return owners(
		kind,
		servers,
		objects.flatMap((object) => read(object) ?? []),
	);
};
const ALL = [stored('MCPServer'), stored('VirtualMCPServer'), stored('MCPRemoteProxy')];
const OF_KINDS = [
	{ kind: 'MCPServer', app: 'mcpserver', suffix: 'runconfig', label: 'mcp-server' },
	{ kind: 'VirtualMCPServer', app: 'virtualmcpserver', suffix: 'vmcp-config', label: 'virtual-mcp-server' },
	{ kind: 'MCPRemoteProxy', app: 'mcpremoteproxy', suffix: 'runconfig', label: 'mcp-remote-proxy' },
] as const;
const none = (kind: string, checked: number): string[] => [
	`ok: every ${kind} of a server is owned by it (${checked} checked)`,
];

describe('doctor: owners', () => {
	for (const { kind, app, suffix, label } of OF_KINDS) {
		const objects = (references?: Json[]): [Json, Json] => [
			deployment(app, references),
			configMap(suffix, label, references),
		];
		const saying = (object: string): string[] => [
			`fail: ${object} is not owned by ${kind} web: scaling settings are not applied to it`,
		];
		for (const row of [
			{ it: 'owned › ok', references: [reference(kind)], isReported: false },
			{ it: 'no ownerReferences › reported', references: undefined, isReported: true },
			{ it: 'empty ownerReferences › reported', references: [], isReported: true },
			{ it: 'owner of another uid › reported', references: [reference(kind, { uid: 'former' })], isReported: true },
			{
				it: 'owner of another kind of object › reported',
				references: [{ ...reference('Helm'), apiVersion: 'v1' }],
				isReported: true,
			},
			{
				it: 'a second owner beside the server › ok',
				references: [{ ...reference('Helm'), apiVersion: 'v1' }, reference(kind)],
				isReported: false,
			},
		]) {
			it(`${kind} › ${row.it}`, () => {
				const [made, config] = objects(row.references);
				expect(sentences(judged('Deployment', ALL, made))).to.deep.equal(
					row.isReported ? saying('Deployment demo/web') : none('Deployment', 1),
				);
				expect(sentences(judged('ConfigMap', ALL, config))).to.deep.equal(
					row.isReported ? saying(`ConfigMap demo/web-${suffix}`) : none('ConfigMap', 1),
				);
			});
		}
		it(`${kind} › its name and labels, and no such server › nothing to report`, () => {
			const others = ALL.filter((one) => one.kind !== kind);
			const [made, config] = objects();
			expect(sentences(judged('Deployment', others, made))).to.deep.equal(none('Deployment', 1));
			expect(sentences(judged('ConfigMap', others, config))).to.deep.equal(none('ConfigMap', 1));
		});
	}

	it('objects that are not of a server › not checked', () => {
		const deployments = [
			deployment('mcpserver', [], { name: 'other' }),
			deployment('mcpserver', [], { labels: { app: 'mcpserver', 'toolhive-name': 'web' } }),
			deployment('web', []),
			deployment('mcpserver', [], { deletionTimestamp: '2026-01-01T00:00:00Z' }),
			{},
		];
		expect(sentences(judged('Deployment', ALL, ...deployments))).to.deep.equal(none('Deployment', 0));
		const configMaps = [
			configMap('runconfig', 'virtual-mcp-server', []),
			configMap('other', 'mcp-server', []),
			configMap('runconfig', 'mcp-server', [], { labels: { 'toolhive.stacklok.io/mcp-server': 'web' } }),
			{},
		];
		expect(sentences(judged('ConfigMap', ALL, ...configMaps))).to.deep.equal(none('ConfigMap', 0));
	});

	describe('the repair', () => {
		const OURS =
			'{"apiVersion":"toolhive.stacklok.dev/v1alpha1","kind":"MCPServer","name":"web","uid":"uid-web","controller":true}';
		const command = (list: string): string =>
			`kubectl patch deployment web -n demo --type=merge -p '{"metadata":{"ownerReferences":[${list}]}}'`;

		it('no owner › the server becomes its controller', () =>
			expect(fixes(judged('Deployment', ALL, deployment('mcpserver')))).to.deep.equal([command(OURS)]));
		it('a former server › its reference is replaced', () =>
			expect(
				fixes(judged('Deployment', ALL, deployment('mcpserver', [reference('MCPServer', { uid: 'former' })]))),
			).to.deep.equal([command(OURS)]));
		it('an owner that is not a controller › it stays', () => {
			const other = { apiVersion: 'v1', kind: 'ConfigMap', name: "it's", uid: 'u' };
			const [fix] = fixes(judged('Deployment', ALL, deployment('mcpserver', [other])));
			expect(fix).to.equal(command(`${OURS},${JSON.stringify(other)}`.replace("'", `'\\''`)));
		});
		it('an owner of another group › its kind and name are the server’s › it stays', () => {
			const other = { apiVersion: 'example.com/v1', kind: 'MCPServer', name: 'web', uid: 'u' };
			const [fix] = fixes(judged('Deployment', ALL, deployment('mcpserver', [other])));
			expect(fix).to.equal(command(`${OURS},${JSON.stringify(other)}`));
		});
		it('a Deployment › its name has a space and a semicolon › it is one quoted word', () => {
			const [named] = OF_KINDS;
			const object: ServerObject = {
				kind: 'Deployment',
				name: 'web; reboot',
				server: { kind: named.kind, namespace: 'demo', name: 'web' },
				owners: [],
				ownerReferences: [],
			};
			expect(fixes(owners('Deployment', ALL, [object]))).to.deep.equal([
				command(OURS).replace('deployment web', "deployment 'web; reboot'"),
			]);
		});
		it('another controller › no command that takes the object from it', () => {
			const other = { apiVersion: 'apps/v1', kind: 'Rollout', name: 'web', uid: 'u', controller: true };
			expect(fixes(judged('Deployment', ALL, deployment('mcpserver', [other])))).to.deep.equal([
				'rename the server, or remove controller Rollout web: kubectl edit deployment web -n demo',
			]);
		});
		it('a ConfigMap › the same', () => {
			const [fix] = fixes(judged('ConfigMap', ALL, configMap('runconfig', 'mcp-server')));
			expect(fix).to.equal(command(OURS).replace('deployment web', 'configmap web-runconfig'));
		});
	});
});
