import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import { preStop, proxyOf } from '../../../src/doctor/pre-stop.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { container, deployment, mcpRemoteProxy, mcpServer, virtualMcpServer } from '../../harness/objects.ts';
import { fixes, sentences } from './results.ts';

const SLEEP = { preStop: { sleep: { seconds: 5 } } };
const lacking = (owner: Json, metadata: Json = {}): Json => deployment(owner, {}, {}, metadata);
const having = (owner: Json, lifecycle: Json = SLEEP): Json =>
	deployment(owner, {}, { containers: [container(owner, { lifecycle })] });
const NONE = 'ok: no proxy Deployment lacks preStop';

const judged = (objects: readonly Json[], more: Partial<typeof DEFAULT_SETTINGS> = {}) => {
	const settings = { ...DEFAULT_SETTINGS, ...more };
	const proxies = objects.flatMap((object) => proxyOf(settings)(object) ?? []);
	const servers = [mcpServer(), virtualMcpServer(), mcpRemoteProxy()].map((one) => serverOf(one) as Server);
	return preStop(servers, proxies, settings.preStopSeconds);
};

const FINE: { it: string; objects: Json[]; settings?: Partial<typeof DEFAULT_SETTINGS>; says: string }[] = [
	{ it: 'no Deployment', objects: [], says: `${NONE} (0 checked)` },
	{
		it: 'all kinds have it',
		objects: [mcpServer(), virtualMcpServer(), mcpRemoteProxy()].map((one) => having(one)),
		says: `${NONE} (3 checked)`,
	},
	{ it: 'a lifecycle of the user', objects: [having(mcpServer(), { postStart: {} })], says: `${NONE} (1 checked)` },
	{
		it: 'a lifecycle of the user beside a short grace period',
		objects: [
			deployment(
				mcpServer(),
				{},
				{
					terminationGracePeriodSeconds: 5,
					containers: [container(mcpServer(), { lifecycle: { postStart: {} } })],
				},
			),
		],
		says: `${NONE} (1 checked)`,
	},
	{
		it: 'a Deployment that its server does not own',
		objects: [lacking(mcpServer(), { ownerReferences: [] })],
		says: `${NONE} (1 checked)`,
	},
	{
		it: 'off',
		objects: [lacking(mcpServer())],
		settings: { preStopSeconds: 0 },
		says: 'ok: preStop is not added to proxies: --pre-stop-seconds=0',
	},
];

describe('doctor: preStop', () => {
	for (const { it: title, objects, settings, says } of FINE) {
		it(`${title} › ${says}`, () => {
			expect(sentences(judged(objects, settings))).to.deep.equal([says]);
		});
	}
	it('a grace period that is too short for it › a warning with the shortest that is enough', () => {
		const short = deployment(mcpServer(), {}, { terminationGracePeriodSeconds: 5 });
		const [saying, ...others] = judged([short]);
		expect(others).to.deep.equal([]);
		expect(saying).to.include({ status: 'warn', fix: 'set its terminationGracePeriodSeconds to 36 or more' });
		expect(sentences(judged([lacking(mcpServer()), short]))).to.have.length(2);
	});
	it('a Deployment of a former server of that name › no hint', () => {
		const former = deployment(mcpServer({}, { uid: 'former' }));
		expect(sentences(judged([former]))).to.deep.equal([`${NONE} (1 checked)`]);
	});
	it('Deployments without it › a hint for each namespace, with the command that restarts them', () => {
		const elsewhere = lacking(mcpServer({}, { namespace: 'other' }), { namespace: 'other' });
		const found = judged([lacking(mcpServer()), having(virtualMcpServer()), lacking(mcpRemoteProxy()), elsewhere]);
		const why = 'connections fail while a pod is being stopped; a restart adds it';
		expect(sentences(found)).to.deep.equal([
			`warn: 2 proxy Deployments in demo lack preStop: ${why}`,
			`warn: 1 proxy Deployment in other lacks preStop: ${why}`,
		]);
		expect(fixes(found)).to.deep.equal([
			'kubectl rollout restart deployment -n demo search crm',
			'kubectl rollout restart deployment -n other search',
		]);
	});
});
