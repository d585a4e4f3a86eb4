import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import { images } from '../../../src/doctor/images.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import { findOperators, type Operator, operator } from '../../../src/doctor/operator.ts';
import { deploymentOf, FLAGS, reports, server } from './results.ts';

const NAME = 'toolhive-system/op';
const of = (version: string, more: Partial<Operator> = {}): Operator => ({
	namespace: 'toolhive-system',
	name: 'op',
	image: `ghcr.io/stacklok/toolhive/operator:${version}`,
	serviceAccount: 'toolhive-operator',
	env: {},
	hasHiddenEnv: false,
	...more,
});

describe('doctor › operator', () => {
	const USER = 'system:serviceaccount:toolhive-system:toolhive-operator';
	const OTHER = 'system:serviceaccount:toolhive-system:other';
	const INSTALLED = installationOf(deploymentOf());
	const release = (version: string) => () => operator([of(version)], undefined, undefined, undefined);
	const named =
		(version: string, more: Partial<typeof INSTALLED> = {}) =>
		() =>
			operator([of(version, { serviceAccount: 'other' })], { ...INSTALLED, ...more }, FLAGS, undefined).slice(1);
	const withPhase = (version: string, phase?: string) => () => {
		const status = { properties: { phase: phase === undefined ? {} : { enum: [phase, 'Failed'] } } };
		const schema = { openAPIV3Schema: { properties: { status } } };
		return operator([of(version)], undefined, undefined, { spec: { versions: [{ served: true, schema }] } }).slice(1);
	};
	const ADD = `kubectl set env -n … deployment/… THV_SCALING_OPERATOR_USERNAMES=${USER},${OTHER}`;
	const ERASES = `fail: ${OTHER} is not among …: fields that it erases are not restored`;
	reports('v0.10.0', release('v0.10.0'), [
		'fail: … overwrites every replica count… → upgrade ToolHive to v0.10.1 or later',
	]);
	reports('v0.12.5', release('v0.12.5'), [`ok: ${NAME} v0.12.5 does not scale; …`]);
	reports('latest', release('latest'), [`warn: ${NAME} has an image without a version: …`]);
	reports('none', () => operator([], INSTALLED, FLAGS, undefined), ['warn: the ToolHive operator was not found: …']);
	const known = () => operator([of('v0.12.5')], INSTALLED, FLAGS, undefined).slice(1);
	reports('the user name of --operator-usernames', known, [`ok: ${USER} is in --operator-usernames`]);
	reports('another user name, and it erases fields', named('v0.12.5'), [`${ERASES} → ${ADD}`]);
	reports('another user name, and it patches', named('v0.24.0'), [`warn: …; this release erases nothing → ${ADD}`]);
	reports('another user name, and its version is unknown', named('edge'), [ERASES]);
	reports('another user name, and flags may come from a ConfigMap', named('v0.12.5', { hasHiddenEnv: true }), [
		`warn: ${OTHER} may not be among … → ${ADD}`,
	]);
	reports('another user name, and a flag has the names', named('v0.12.5', { args: ['--operator-usernames', 'x'] }), [
		`${ERASES} → add the user name to that flag: kubectl edit …`,
	]);
	reports('v0.12.5 with phase Running in the CRD', withPhase('v0.12.5', 'Running'), []);
	reports('v0.12.5 with any phase in the CRD', withPhase('v0.12.5'), []);
	reports('v0.12.5 with phase Ready in the CRD', withPhase('v0.12.5', 'Ready'), ['warn: … writes phase Running, …']);
	reports('v0.17.0 with phase Running in the CRD', withPhase('v0.17.0', 'Running'), ['warn: … writes phase Ready, …']);

	const deployed = (image: string): Json =>
		deploymentOf({}, { containers: [{ image: 'mesh:1' }, { name: 'manager', image }] });
	const MIRROR = 'example.com/mirror/toolhive/operator@sha256:0';
	for (const [title, labelled, expected] of [
		['by its label, from any registry', ['example.com/mine:v1'], ['example.com/mine:v1']],
		['by its image', [], [MIRROR]],
	] as const)
		it(`findOperators › ${title}`, async () => {
			const all = [...labelled, 'example.com/toolhive/operator-bundle:1', 'nginx:1', MIRROR];
			const found = await findOperators(async (project, selector) =>
				(selector === undefined ? all : labelled).flatMap((image) => project(deployed(image)) ?? []),
			);
			expect(found.map(({ image }) => image)).to.deep.equal(expected);
		});
});

describe('doctor › proxy images of an operator', () => {
	const REPOSITORY = 'ghcr.io/stacklok/toolhive/proxyrunner';
	const MIRROR = 'localhost:5000/proxyrunner:v0.12.5@sha256:00';
	const redis = { sessionStorage: { provider: 'redis', address: 'redis:6379' } } as const;
	const A = server('a', redis);
	const PROXY = server('c', redis, { kind: 'MCPRemoteProxy' });
	const HUB = server('hub', redis, { kind: 'VirtualMCPServer' });
	const withEnv =
		(env: Operator['env'], hasHiddenEnv: boolean, ...servers: Server[]) =>
		() =>
			images([of('v0.12.5', { env, hasHiddenEnv })], servers);
	const runner = (image: string, ...servers: Server[]) => withEnv({ TOOLHIVE_RUNNER_IMAGE: image }, false, ...servers);
	const version = (tag: string, ...servers: Server[]) => runner(`${REPOSITORY}:${tag}`, ...servers);
	const vmcp = (image: string, ...servers: Server[]) => withEnv({ VMCP_IMAGE: image }, false, ...servers);

	const set = (repository = REPOSITORY): string => `kubectl set env … TOOLHIVE_RUNNER_IMAGE=${repository}:v0.47.0`;
	const noRedis = (names: string, fix = set()): string =>
		`fail: … spec.sessionStorage of ${names} needs a proxy image of v0.16.0 or later, not v0.12.5 → ${fix}`;
	const fine = (tag: string): string => `ok: ${NAME} has TOOLHIVE_RUNNER_IMAGE ${tag}, which is new enough …`;
	reports('v0.12.5, two servers with redis', version('v0.12.5', A, server('b'), PROXY), [
		noRedis('MCPServer demo/a and MCPRemoteProxy demo/c'),
		`warn: … is older than v0.27.0: … may roll the backend … → ${set()}`,
	]);
	reports('v0.27.0', version('v0.27.0', A), [fine('v0.27.0')]);
	reports('the server ignores the warning', version('v0.12.5', server('a', redis, { ignore: ['image-too-old'] })), [
		fine('v0.12.5'),
	]);
	reports('no server', version('v0.12.5'), []);
	reports('latest', version('latest', A), [`warn: ${NAME} has …:latest, which was not checked: it has no version`]);
	reports('only a remote proxy, which has no backend, and an image with port and digest', runner(MIRROR, PROXY), [
		noRedis('MCPRemoteProxy demo/c', set('localhost:5000/proxyrunner')),
	]);
	reports('an empty variable, which the operator treats as none', runner('', A), [
		'warn: … has no TOOLHIVE_RUNNER_IMAGE, …',
	]);
	reports('a variable from a ConfigMap', withEnv({}, true, A), ['warn: … from a ConfigMap or a Secret, …']);
	reports('vMCP v0.12.5 with redis', vmcp('vmcp:v0.12.5', HUB), [
		'fail: … of VirtualMCPServer demo/hub needs a proxy image of v0.16.0 or later… → upgrade ToolHive to v0.16.0 or later',
	]);
	const own = server('hub', { ...redis, image: 'vmcp:v0.47.0' }, { kind: 'VirtualMCPServer' });
	reports('vMCP v0.12.5, and the server has its own image', vmcp('vmcp:v0.12.5', own), []);
	reports('vMCP without a version in its tag', vmcp('vmcp:latest', HUB), [
		'warn: … has VMCP_IMAGE vmcp:latest, which was not checked: … → set VMCP_IMAGE to an image with a version in its tag',
	]);
});
