import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import type { DryRunResult } from '../../../src/doctor/cluster.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { accepted, notCalled, PLACE, refused, tried } from './dry-run.ts';
import { fixes, server } from './results.ts';

const VALIDATING = 'the validating webhook, asked by a dry run in namespace demo,';
const MUTATING = 'the mutating webhook, asked by a dry run in namespace demo,';

const validatingRows = [
	{ it: 'it answers', answer: accepted, says: `ok: ${VALIDATING} answers`, fix: undefined },
	{
		it: 'it answers, and another webhook refuses',
		answer: (object: Json) => ({
			...accepted(object),
			status: 403,
			message: 'admission webhook "other" denied the request',
		}),
		says: `ok: ${VALIDATING} answers`,
		fix: undefined,
	},
	{
		it: 'stored without it',
		answer: () => ({ status: 201, message: '', warnings: ['something else'] }),
		says: `fail: ${VALIDATING} was not asked: MCPServers are stored without it`,
		fix: /^INSTALL$/,
	},
	{
		it: 'a certificate that is not trusted',
		answer: () =>
			notCalled(
				'tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "x")',
			),
		says: `fail: ${VALIDATING} cannot be called by the API server: tls: failed to verify certificate: x509: certificate signed by unknown authority`,
		fix: /^bring certificate and caBundle together/,
	},
	{
		it: 'connection refused',
		answer: () => notCalled('dial tcp 10.0.0.1:443: connect: connection refused'),
		says: `fail: ${VALIDATING} cannot be called by the API server: dial tcp 10.0.0.1:443: connect: connection refused`,
		fix: /kubectl get pods,endpointslices -n toolhive-scaling$/,
	},
	{
		it: 'no pod is ready',
		answer: () => notCalled('no endpoints available for service "toolhive-scaling"'),
		says: `fail: ${VALIDATING} cannot be called by the API server: no endpoints available for service "toolhive-scaling"`,
		fix: /^look why no pod serves/,
	},
	{
		it: 'no Service',
		answer: () => notCalled('service "toolhive-scaling" not found'),
		says: `fail: ${VALIDATING} cannot be called by the API server: service "toolhive-scaling" not found`,
		fix: /^INSTALL$/,
	},
	{
		it: 'a firewall',
		answer: () => notCalled('context deadline exceeded'),
		says: `fail: ${VALIDATING} cannot be called by the API server: context deadline exceeded`,
		fix: /^let the API server reach port 8443/,
	},
	{
		it: 'it fails by itself',
		answer: () => notCalled('the server could not find the requested resource'),
		says: `fail: ${VALIDATING} cannot be called by the API server: the server could not find the requested resource`,
		fix: /^kubectl logs -n toolhive-scaling deployment\/toolhive-scaling$/,
	},
	{
		it: 'another webhook cannot be called',
		answer: () => refused(500, 'Internal error occurred: failed calling webhook "other.example.com": EOF'),
		says: `warn: ${VALIDATING} was not tried: something else refused the dry run: Internal error occurred: failed calling webhook "other.example.com": EOF`,
		fix: /./,
	},
	{
		it: 'the caller may not create servers',
		answer: () => refused(403, 'mcpservers is forbidden: User "x" cannot create resource "mcpservers" in API group'),
		says: `warn: ${VALIDATING} was not tried: you may not create mcpservers.toolhive.stacklok.dev there`,
		fix: /kubectl auth can-i create mcpservers.toolhive.stacklok.dev -n demo$/,
	},
	{
		it: 'a quota',
		answer: () => refused(403, 'mcpservers "x" is forbidden: exceeded quota: all'),
		says: `warn: ${VALIDATING} was not tried: something else refused the dry run: mcpservers "x" is forbidden: exceeded quota: all`,
		fix: /./,
	},
	{
		it: 'no MCPServer is served',
		answer: () => refused(404, '404 page not found'),
		says: `warn: ${VALIDATING} was not tried: no MCPServer can be made there`,
		fix: /CRDs/,
	},
];

describe('doctor: reachable', () => {
	for (const row of validatingRows) {
		it(`validating: ${row.it}`, async () => {
			const { lines, said } = await tried({
				answer: (object) => (object['kind'] === 'MCPServer' ? row.answer(object) : accepted(object)),
			});
			expect(lines).to.deep.equal([row.says, `ok: ${MUTATING} answers`]);
			if (row.fix === undefined) expect(fixes(said)[0]).to.equal(undefined);
			else expect(fixes(said)[0]).to.match(row.fix);
		});
	}

	it('validating: the namespace is left out', async () => {
		const answer = (object: Json): DryRunResult => ({ ...accepted(object), warnings: [] });
		const out = await tried({ answer, selector: { matchLabels: { team: 'blue' } } });
		expect(out.lines[0]).to.equal(`fail: ${VALIDATING} was not asked: its namespaceSelector leaves the namespace out`);
		const inside = await tried({ answer, selector: { matchLabels: { team: 'red' } } });
		expect(inside.lines[0]).to.equal(`fail: ${VALIDATING} was not asked: MCPServers are stored without it`);
	});

	it('validating: default is left out, and there is no server', async () => {
		const answer = (object: Json): DryRunResult => ({ ...accepted(object), warnings: [] });
		const out = await tried({ servers: [], answer, selector: { matchLabels: { team: 'blue' } } });
		expect(out.lines[0]).to.match(/^warn: .* was not tried: .* its namespaceSelector leaves namespace default out$/);
		const inside = await tried({ servers: [], answer, selector: { matchLabels: { team: 'red' } } });
		expect(inside.lines[0]).to.match(/^fail: .* in namespace default, was not asked: MCPServers are/);
	});

	const mutatingRows = [
		{
			it: 'the ConfigMap exists, and the webhook answers',
			answer: (object: Json) => ({ ...accepted(object), status: 409, message: 'already exists' }),
			says: `ok: ${MUTATING} answers`,
		},
		{
			it: 'the ConfigMap exists, and the webhook was not called',
			answer: () => refused(409, 'configmaps "web-runconfig" already exists'),
			says: `fail: ${MUTATING} was not asked: the operator's ConfigMaps are stored without it`,
		},
		{
			it: 'stored without it',
			answer: () => refused(201, ''),
			says: `fail: ${MUTATING} was not asked: the operator's ConfigMaps are stored without it`,
		},
		{
			it: 'the caller may not create ConfigMaps',
			answer: () => refused(403, 'configmaps is forbidden: User "x" cannot create resource "configmaps" in API group'),
			says: `warn: ${MUTATING} was not tried: you may not create configmaps there`,
		},
	];
	for (const row of mutatingRows) {
		it(`mutating: ${row.it}`, async () => {
			const { lines } = await tried({
				answer: (object) => (object['kind'] === 'ConfigMap' ? row.answer(object) : accepted(object)),
			});
			expect(lines[1]).to.equal(row.says);
		});
	}

	it('mutating: no suitable server › not tried', async () => {
		const NOT_TRIED = 'ok: the mutating webhook was not tried: there is no MCPServer or MCPRemoteProxy to try it on';
		for (const servers of [
			[],
			[server('vmcp', {}, { kind: 'VirtualMCPServer' })],
			[server('silent', {}, { ignore: ['run-config-unreadable'] })],
			[server('inside', {}, { namespace: PLACE.namespace })],
		]) {
			expect((await tried({ servers })).lines[1]).to.equal(NOT_TRIED);
		}
	});

	it('the namespace of the dry run › that of a server, else default, never that of the product', async () => {
		const namespaces = async (servers: readonly Server[]) =>
			(await tried({ servers })).objects.map(({ metadata }) => (metadata as Json)['namespace']);
		expect(await namespaces([])).to.deep.equal(['default']);
		expect(await namespaces([server('inside', {}, { namespace: PLACE.namespace })])).to.deep.equal(['default']);
		expect(await namespaces([server('web')])).to.deep.equal(['demo', 'demo']);
	});

	it('only v1alpha1 is served › v1alpha1 is used', async () => {
		const { lines, objects } = await tried({
			servers: [],
			answer: (object) =>
				String(object['apiVersion']).endsWith('v1beta1') ? refused(404, 'not found') : accepted(object),
		});
		expect(lines[0]).to.match(/^ok: .* answers$/);
		expect(objects.map(({ apiVersion }) => apiVersion)).to.deep.equal([
			'toolhive.stacklok.dev/v1beta1',
			'toolhive.stacklok.dev/v1alpha1',
		]);
	});

	it('the objects of the dry run › a readable server, and a RunConfig of an existing server', async () => {
		const { objects } = await tried({});
		expect(serverOf(objects[0] ?? {})?.ignore).to.deep.equal(['thv-scaling-doctor-dry-run']);
		expect(objects[1]?.['metadata']).to.deep.include({
			name: 'web-runconfig',
			ownerReferences: [
				{ apiVersion: 'toolhive.stacklok.dev/v1beta1', kind: 'MCPServer', name: 'web', uid: 'uid-web' },
			],
		});
	});
});
