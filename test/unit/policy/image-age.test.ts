import { expect } from 'chai';
import type { ClusterContext } from '../../../src/policy/finding.ts';
import { acceptsSessionStorage, imageRefusesConfig } from '../../../src/policy/image-age.ts';
import { image, redis, server } from '../../harness/servers.ts';
import { describeWarning, type WarningRow } from '../../harness/warning-rows.ts';

const stored = { sessionStorage: redis };
const one = { backendReplicas: 1 };
const two = { backendReplicas: 2 };
const vmcp = 'VirtualMCPServer';
const proxy = 'MCPRemoteProxy';

const OLD: WarningRow[] = [
	{ it: 'redis, runner v0.15.9', spec: stored, around: image(':v0.15.9'), says: 'v0.16.0 or newer, not v0.15.9' },
	{ it: 'redis, a release candidate of v0.16.0', spec: stored, around: image(':v0.16.0-rc.1'), says: 'v0.16.0-rc.1' },
	{ it: 'redis, a tag without v', spec: stored, around: image(':0.12.5'), says: 'not 0.12.5' },
	{
		it: 'redis, a tag and a digest: the tag is told',
		spec: stored,
		around: image(':v0.12.5@sha256:0a'),
		says: 'v0.12.5',
	},
	{ it: 'redis, a remote proxy of v0.15.0', kind: proxy, spec: stored, around: image(':v0.15.0'), says: 'v0.16.0' },
	{ it: 'redis, vMCP v0.15.0', kind: vmcp, spec: stored, around: image(':v0.15.0'), says: 'v0.16.0' },
	{ it: 'redis, vMCP image of podTemplateSpec', kind: vmcp, spec: { ...stored, image: 'vmcp:v0.15.0' } },
];
const NEW: WarningRow[] = [
	{ it: 'redis, runner v0.16.0', spec: stored, around: image(':v0.16.0') },
	{ it: 'redis, runner v1.0.0', spec: stored, around: image(':v1.0.0') },
	{ it: 'redis, vMCP v0.16.0', kind: vmcp, spec: stored, around: image(':v0.16.0') },
	{ it: 'redis, tag latest tells nothing', spec: stored, around: image(':latest') },
	{ it: 'redis, a digest alone tells nothing', spec: stored, around: image('@sha256:0a') },
	{ it: 'redis, no tag', spec: stored, around: image('') },
	{ it: 'redis, no Deployment yet', spec: stored },
	{ it: 'memory, old runner', spec: { sessionStorage: { provider: 'memory' } }, around: image(':v0.1.0') },
	{ it: 'nothing asked for, old runner', spec: { replicas: 3 }, around: image(':v0.1.0') },
];
describeWarning('image-too-old', 'spec.sessionStorage', { speaks: OLD, silent: NEW });

describeWarning('image-too-old', 'spec.backendReplicas', {
	speaks: [
		{ it: 'one backend, runner v0.12.4', spec: one, around: image(':v0.12.4'), says: 'v0.12.5 or newer' },
		{ it: '0 backends, runner v0.12.4', spec: { backendReplicas: 0 }, around: image(':v0.12.4') },
	],
	silent: [
		{ it: 'one backend, runner v0.12.5', spec: one, around: image(':v0.12.5') },
		{ it: 'two backends, runner v0.12.5: no newer runner keeps their sessions', spec: two, around: image(':v0.12.5') },
		{ it: 'unset, runner v0.1.0', spec: {}, around: image(':v0.1.0') },
	],
});

const ACCEPTS = [
	{ it: 'v0.13.1', tag: ':v0.13.1', accepts: true },
	{ it: 'v0.62.0', tag: ':v0.62.0', accepts: true },
	{ it: 'v0.13.0', tag: ':v0.13.0', accepts: false },
	{ it: 'v0.13.1-rc.1', tag: ':v0.13.1-rc.1', accepts: false },
	{ it: 'latest', tag: ':latest', accepts: false },
	{ it: 'a digest alone', tag: '@sha256:0a', accepts: false },
	{ it: 'a registry with a port and no tag', tag: '', accepts: false },
];

const refused = (clusterContext: ClusterContext): string | undefined =>
	imageRefusesConfig({
		server: server(stored, vmcp),
		clusterContext,
		isReadable: true,
		hasTls: false,
		isRefusedByImage: true,
	})?.message;

describe("vMCP's loader accepts sessionStorage", () => {
	for (const row of ACCEPTS) {
		it(`${row.it}: ${row.accepts ? 'yes' : 'not that we know'}`, () => {
			const deployment = { namespace: 'demo', name: 'hub', image: `localhost:5000/vmcp${row.tag}` };
			expect(acceptsSessionStorage(server(stored, vmcp), { deployment })).to.equal(row.accepts);
		});
	}
	it('is unknown without an image', () => {
		expect(acceptsSessionStorage(server(stored, vmcp), {})).to.equal(false);
		expect(refused({})).to.include('unknown').and.include('v0.13.1');
	});
	it('is told with both versions where the image is known', () => {
		expect(refused(image(':v0.12.5')))
			.to.include('v0.13.1')
			.and.include('v0.12.5');
	});
});
