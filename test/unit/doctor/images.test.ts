import { expect } from 'chai';
import type { Server } from '../../../src/api/types.ts';
import { images } from '../../../src/doctor/images.ts';
import type { Operator } from '../../../src/doctor/operator.ts';
import { fixes, sentences, server } from './results.ts';

const REPOSITORY = 'ghcr.io/stacklok/toolhive/proxyrunner';
const operator = (env: Readonly<Record<string, string>>, hasHiddenEnv = false): Operator => ({
	namespace: 'toolhive-system',
	name: 'op',
	image: 'ghcr.io/stacklok/toolhive/operator:v0.12.5',
	serviceAccount: 'toolhive-operator',
	env,
	hasHiddenEnv,
});
const runner = (version: string): Operator => operator({ TOOLHIVE_RUNNER_IMAGE: `${REPOSITORY}:${version}` });
const redis = { sessionStorage: { provider: 'redis', address: 'redis:6379' } } as const;
const SUBJECT = 'toolhive-system/op';
const NO_REDIS = (names: string, version: string): string =>
	`fail: ${SUBJECT} has TOOLHIVE_RUNNER_IMAGE ${version}: spec.sessionStorage of ${names} needs a proxy image of v0.16.0 or newer, not ${version}`;
const ROLLS = (version: string): string =>
	`warn: ${SUBJECT} has TOOLHIVE_RUNNER_IMAGE ${version}: proxy image ${version} is older than v0.27.0: a proxy that starts while the webhooks are down may roll the backend and end its sessions`;
const SET = `kubectl set env -n toolhive-system deployment/op TOOLHIVE_RUNNER_IMAGE=${REPOSITORY}:v0.47.0`;

interface Row {
	readonly it: string;
	readonly operator: Operator;
	readonly servers: readonly Server[];
	readonly says: readonly string[];
}

const ROWS: readonly Row[] = [
	{
		it: 'v0.12.5, two servers with redis › a problem, and the backend',
		operator: runner('v0.12.5'),
		servers: [server('a', redis), server('b'), server('c', redis, { kind: 'MCPRemoteProxy' })],
		says: [NO_REDIS('MCPServer demo/a and MCPRemoteProxy demo/c', 'v0.12.5'), ROLLS('v0.12.5')],
	},
	{
		it: 'v0.12.5, only a remote proxy › it has no backend',
		operator: runner('v0.12.5'),
		servers: [server('c', redis, { kind: 'MCPRemoteProxy' })],
		says: [NO_REDIS('MCPRemoteProxy demo/c', 'v0.12.5')],
	},
	{
		it: 'v0.12.5, no server with redis › only the backend',
		operator: runner('v0.12.5'),
		servers: [server('a')],
		says: [ROLLS('v0.12.5')],
	},
	{
		it: 'v0.16.0 › only the backend',
		operator: runner('v0.16.0'),
		servers: [server('a', redis)],
		says: [ROLLS('v0.16.0')],
	},
	{
		it: 'v0.27.0 › fine',
		operator: runner('v0.27.0'),
		servers: [server('a', redis)],
		says: [`ok: ${SUBJECT} has TOOLHIVE_RUNNER_IMAGE v0.27.0: new enough for each server`],
	},
	{
		it: 'the warning is ignored by the server › fine',
		operator: runner('v0.12.5'),
		servers: [server('a', redis, { ignore: ['image-too-old'] })],
		says: [`ok: ${SUBJECT} has TOOLHIVE_RUNNER_IMAGE v0.12.5: new enough for each server`],
	},
	{ it: 'no server › nothing to judge', operator: runner('v0.12.5'), servers: [], says: [] },
	{
		it: 'latest › not judged',
		operator: runner('latest'),
		servers: [server('a', redis)],
		says: [
			`warn: ${SUBJECT} has TOOLHIVE_RUNNER_IMAGE ${REPOSITORY}:latest, which has no version in its tag: not judged`,
		],
	},
	{
		it: 'a digest › not judged',
		operator: operator({ TOOLHIVE_RUNNER_IMAGE: `${REPOSITORY}@sha256:00` }),
		servers: [server('a', redis)],
		says: [
			`warn: ${SUBJECT} has TOOLHIVE_RUNNER_IMAGE ${REPOSITORY}@sha256:00, which has no version in its tag: not judged`,
		],
	},
	{
		it: 'no variable › the operator’s own default, latest',
		operator: operator({}),
		servers: [server('a', redis)],
		says: [`warn: ${SUBJECT} has no TOOLHIVE_RUNNER_IMAGE, so it uses the tag latest: not judged`],
	},
	{
		it: 'an empty variable › as none',
		operator: operator({ TOOLHIVE_RUNNER_IMAGE: '' }),
		servers: [server('a', redis)],
		says: [`warn: ${SUBJECT} has no TOOLHIVE_RUNNER_IMAGE, so it uses the tag latest: not judged`],
	},
	{
		it: 'a variable from elsewhere › not judged',
		operator: operator({}, true),
		servers: [server('a', redis)],
		says: [`warn: ${SUBJECT} may have a TOOLHIVE_RUNNER_IMAGE from a ConfigMap or a Secret: not judged`],
	},
	{
		it: 'vMCP v0.12.5 with redis › a problem',
		operator: operator({ VMCP_IMAGE: 'ghcr.io/stacklok/toolhive/vmcp:v0.12.5' }),
		servers: [server('hub', redis, { kind: 'VirtualMCPServer' })],
		says: [
			`fail: ${SUBJECT} has VMCP_IMAGE v0.12.5: spec.sessionStorage of VirtualMCPServer demo/hub needs a proxy image of v0.16.0 or newer, not v0.12.5`,
		],
	},
	{
		it: 'vMCP v0.12.5 without redis › fine',
		operator: operator({ VMCP_IMAGE: 'ghcr.io/stacklok/toolhive/vmcp:v0.12.5' }),
		servers: [server('hub', {}, { kind: 'VirtualMCPServer' })],
		says: [`ok: ${SUBJECT} has VMCP_IMAGE v0.12.5: new enough for each server`],
	},
	{
		it: 'vMCP v0.12.5, and a server with an image of its own › not the operator’s',
		operator: operator({ VMCP_IMAGE: 'ghcr.io/stacklok/toolhive/vmcp:v0.12.5' }),
		servers: [server('hub', { ...redis, image: 'vmcp:v0.47.0' }, { kind: 'VirtualMCPServer' })],
		says: [],
	},
];

describe('doctor: the proxy images of an operator', () => {
	for (const { it: title, operator: one, servers, says } of ROWS) {
		it(title, () => expect(sentences(images([one], servers))).to.deep.equal(says));
	}

	it('too old › the fix is a command with the tested image of the same registry', () =>
		expect(fixes(images([runner('v0.12.5')], [server('a', redis)]))).to.deep.equal([SET, SET]));
	it('a registry with a port, a tag and a digest › only the tag is replaced', () => {
		const one = operator({ TOOLHIVE_RUNNER_IMAGE: 'localhost:5000/proxyrunner:v0.12.5@sha256:00' });
		expect(fixes(images([one], [server('a', redis)]))[0]).to.equal(
			'kubectl set env -n toolhive-system deployment/op TOOLHIVE_RUNNER_IMAGE=localhost:5000/proxyrunner:v0.47.0',
		);
	});
	it('a vMCP without a version in its tag › one with it', () => {
		const one = operator({ VMCP_IMAGE: 'vmcp:latest' });
		expect(fixes(images([one], [server('hub', redis, { kind: 'VirtualMCPServer' })]))).to.deep.equal([
			'set VMCP_IMAGE to an image with a version in its tag',
		]);
	});
	it('an old vMCP › an upgrade: its configuration is the operator’s', () => {
		const one = operator({ VMCP_IMAGE: 'vmcp:v0.12.5' });
		expect(fixes(images([one], [server('hub', redis, { kind: 'VirtualMCPServer' })]))).to.deep.equal([
			'upgrade ToolHive to v0.16.0 or later',
		]);
	});
});
