import { describe } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import { preStop, proxyOf } from '../../../src/doctor/pre-stop.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { container, deployment, mcpRemoteProxy, mcpServer, virtualMcpServer } from '../../harness/objects.ts';
import { reports } from './results.ts';

const KINDS = [mcpServer(), virtualMcpServer(), mcpRemoteProxy()];
const lacking = (owner: Json, metadata: Json = {}): Json => deployment(owner, {}, {}, metadata);
const having = (owner: Json, lifecycle: Json, podSpec: Json = {}): Json =>
	deployment(owner, {}, { containers: [container(owner, { lifecycle })], ...podSpec });
const SLEEP = { preStop: { sleep: { seconds: 5 } } };
const SHORT = { terminationGracePeriodSeconds: 5 };

const of =
	(objects: readonly Json[], more: Partial<typeof DEFAULT_SETTINGS> = {}) =>
	() => {
		const settings = { ...DEFAULT_SETTINGS, ...more };
		const proxies = objects.flatMap((object) => proxyOf(settings)(object) ?? []);
		const servers = KINDS.map((one) => serverOf(one) as Server);
		return preStop(servers, proxies, settings.preStopSeconds);
	};
const none = (count: number): string => `ok: no proxy Deployment lacks preStop (${count} checked)`;
const lack = (proxies: string, names: string): string =>
	`warn: ${proxies} preStop: connections fail while a Pod stops; a restart adds preStop → kubectl rollout restart deployment -n ${names}`;
const TOO_SHORT =
	'warn: Deployment demo/search … grace period of 5 s … → set its terminationGracePeriodSeconds to 36 or more';

describe('doctor › preStop', () => {
	reports('all kinds have it', of(KINDS.map((one) => having(one, SLEEP))), [none(3)]);
	reports('a lifecycle of the user and a short grace period', of([having(mcpServer(), { postStart: {} }, SHORT)]), [
		none(1),
	]);
	reports('a Deployment of a former server of that name', of([lacking(mcpServer({}, { uid: 'former' }))]), [none(1)]);
	reports('--pre-stop-seconds=0', of([lacking(mcpServer())], { preStopSeconds: 0 }), [
		'ok: preStop is not added to proxies: --pre-stop-seconds=0',
	]);
	reports(
		'a grace period that is too short, and a Deployment without preStop',
		of([lacking(virtualMcpServer()), deployment(mcpServer(), {}, SHORT)]),
		[lack('1 proxy Deployment in demo lacks', 'demo hub'), TOO_SHORT],
	);
	reports(
		'Deployments without it in two namespaces',
		of([
			lacking(mcpServer()),
			having(virtualMcpServer(), SLEEP),
			lacking(mcpRemoteProxy()),
			lacking(mcpServer({}, { namespace: 'other' }), { namespace: 'other' }),
		]),
		[
			lack('2 proxy Deployments in demo lack', 'demo search crm'),
			lack('1 proxy Deployment in other lacks', 'other search'),
		],
	);
});
