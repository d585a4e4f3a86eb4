import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../../src/objects/deployment.ts';
import { updateLiveTemplate } from '../../../src/objects/live-deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import {
	container,
	deployment,
	frozen,
	mcpRemoteProxy,
	mcpServer,
	PASSWORD,
	PASSWORD_ENTRY,
	REDIS,
	virtualMcpServer,
} from '../../harness/objects.ts';

const sleep = (seconds: number): Json => ({ preStop: { sleep: { seconds } } });
const EXEC: Json = { preStop: { exec: { command: ['sleep', '5'] } } };
const WITH_PASSWORD = { sessionStorage: { ...REDIS, passwordRef: PASSWORD } };

interface Shutdown {
	readonly grace?: unknown;
	readonly lifecycle?: unknown;
}
const NEVER_HAD: Shutdown = { grace: 30 };
const OURS: Shutdown = { grace: 45, lifecycle: sleep(5) };

/** A proxy Deployment that is stopped like this; `more` is of its container, `metadata` of its template. */
const proxy = (owner: Json, { grace, lifecycle }: Shutdown, more: Json = {}, annotations?: Json): Json => {
	const one = container(owner, { ...(lifecycle !== undefined && { lifecycle }), ...more });
	const object = deployment(owner, {}, { containers: [one], terminationGracePeriodSeconds: grace });
	const spec = object['spec'] as Json;
	const template = spec['template'] as Json;
	const metadata = { ...(template['metadata'] as Json), ...(annotations && { annotations }) };
	return { ...object, spec: { ...spec, template: { ...template, metadata } } };
};
const shutdownOf = (object: Json): Shutdown => {
	const template = (object['spec'] as Json)['template'] as { spec: Json };
	const [first] = template.spec['containers'] as Json[];
	const lifecycle = first?.['lifecycle'];
	return { grace: template.spec['terminationGracePeriodSeconds'], ...(lifecycle !== undefined && { lifecycle }) };
};
const OWNERS = [mcpServer(), virtualMcpServer(), mcpRemoteProxy()];

type Options = { settings?: Partial<typeof DEFAULT_SETTINGS>; by?: 'operator' | 'person' };
const created = (owner: Json, sent: Json, { settings }: Options = {}): Json => {
	const server = serverOf(owner) as Server;
	return createDeployment(frozen(sent), server, decide(server), { ...DEFAULT_SETTINGS, ...settings });
};
const updated = (owner: Json, sent: Json, before: Json, { settings, by = 'operator' }: Options = {}): Json => {
	const server = serverOf(owner) as Server;
	const chosen = { ...DEFAULT_SETTINGS, ...settings };
	return updateDeployment(frozen(sent), frozen(before), server, decide(server), chosen, by === 'operator');
};

const CREATE: { it: string; sent: Shutdown; settings?: Options['settings']; gets: Shutdown }[] = [
	{ it: 'neither', sent: {}, gets: OURS },
	{ it: 'null', sent: { grace: null, lifecycle: null }, gets: OURS },
	{ it: "the API server's default", sent: NEVER_HAD, gets: OURS },
	{
		it: 'configured values',
		sent: {},
		settings: { gracePeriodSeconds: 90, preStopSeconds: 10 },
		gets: { grace: 90, lifecycle: sleep(10) },
	},
	{ it: 'preStop is off', sent: {}, settings: { preStopSeconds: 0 }, gets: { grace: 45 } },
	{ it: 'a grace period of the user', sent: { grace: 60 }, gets: { grace: 60, lifecycle: sleep(5) } },
	{ it: 'a lifecycle of the user', sent: { lifecycle: EXEC }, gets: { grace: 45, lifecycle: EXEC } },
	{ it: 'grace period 0', sent: { grace: 0 }, gets: { grace: 0 } },
	{ it: 'a grace period as long as preStop', sent: { grace: 5 }, gets: { grace: 5 } },
];

describe('shutdown settings › CREATE (TestTerminationGracePeriodSet)', () => {
	for (const row of CREATE) {
		for (const owner of OWNERS) {
			it(`${owner['kind']} › ${row.it} › ${JSON.stringify(row.gets)}`, () => {
				const options = { ...(row.settings && { settings: row.settings }) };
				const after = created(owner, proxy(owner, row.sent), options);
				expect(shutdownOf(after)).to.deep.equal(row.gets);
				expect(created(owner, after, options), 'a second time').to.equal(after);
			});
		}
	}
	it('a sidecar before the proxy gets nothing, and pod mode changes nothing', () => {
		const owner = mcpServer(WITH_PASSWORD);
		const side = { name: 'side', image: 'side:1' };
		const sent = deployment(owner, {}, { containers: [side, container(owner)] });
		const { spec } = created(owner, sent, { settings: { passwordEnv: 'pod' } }) as { spec: Json };
		const containers = (spec['template'] as { spec: Json }).spec['containers'] as Json[];
		expect(containers[0]).to.equal(side);
		expect(containers[1]?.['lifecycle']).to.deep.equal(sleep(5));
	});
});

const SAME: { it: string; stored: Shutdown; sent: Shutdown; options?: Options; gets: Shutdown }[] = [
	{ it: 'the operator drops both', stored: OURS, sent: NEVER_HAD, gets: OURS },
	{ it: 'the operator drops preStop', stored: OURS, sent: { grace: 45 }, gets: OURS },
	{
		it: 'the operator drops both, preStop is off by now',
		stored: OURS,
		sent: NEVER_HAD,
		options: { settings: { preStopSeconds: 0 } },
		gets: OURS,
	},
	{
		it: 'the operator drops both, other values are configured by now',
		stored: OURS,
		sent: NEVER_HAD,
		options: { settings: { gracePeriodSeconds: 90, preStopSeconds: 10 } },
		gets: OURS,
	},
	{
		it: 'the operator drops a grace period of the user',
		stored: { grace: 120 },
		sent: NEVER_HAD,
		gets: { grace: 120 },
	},
	{ it: 'another client drops both', stored: OURS, sent: NEVER_HAD, options: { by: 'person' }, gets: OURS },
	{
		it: 'another client drops the grace period of a Deployment without preStop',
		stored: { grace: 45 },
		sent: NEVER_HAD,
		options: { by: 'person' },
		gets: { grace: 45 },
	},
	{ it: 'a Deployment never had them', stored: NEVER_HAD, sent: NEVER_HAD, gets: NEVER_HAD },
	{
		it: 'a Deployment never had them, a person writes',
		stored: NEVER_HAD,
		sent: NEVER_HAD,
		options: { by: 'person' },
		gets: NEVER_HAD,
	},
	{
		it: 'another grace period is configured',
		stored: { grace: 30 },
		sent: { grace: 30 },
		options: { settings: { gracePeriodSeconds: 60 } },
		gets: { grace: 30 },
	},
	{
		it: 'a lifecycle of the user',
		stored: { grace: 30, lifecycle: EXEC },
		sent: { grace: 30, lifecycle: EXEC },
		gets: { grace: 30, lifecycle: EXEC },
	},
];

describe('shutdown settings › UPDATE that changes nothing else › no pod rolls', () => {
	for (const row of SAME) {
		for (const owner of OWNERS) {
			it(`${owner['kind']} › ${row.it} › ${JSON.stringify(row.gets)}`, () => {
				const before = proxy(owner, row.stored);
				const after = updated(owner, proxy(owner, row.sent), before, row.options);
				expect(shutdownOf(after)).to.deep.equal(row.gets);
				expect((after['spec'] as Json)['template']).to.deep.equal((before['spec'] as Json)['template']);
				expect(updated(owner, after, before, row.options), 'a second time').to.equal(after);
			});
		}
	}
	it('labels and replicas change › the template stays', () => {
		const owner = mcpServer();
		const before = proxy(owner, NEVER_HAD);
		const sent = { ...before, metadata: { ...(before['metadata'] as Json), labels: { more: 'x' } } };
		expect(updated(owner, sent, before)).to.deep.equal(sent);
	});
	it('the operator drops both and the password variable › all three are restored', () => {
		const owner = mcpServer(WITH_PASSWORD);
		const env = [{ name: 'HOME', value: '/tmp' }];
		const before = proxy(owner, OURS, { env: [...env, PASSWORD_ENTRY] });
		expect(updated(owner, proxy(owner, NEVER_HAD, { env }), before)).to.deep.equal(before);
	});
});

const CHANGED: { it: string; stored: Shutdown; sent: Shutdown; options?: Options; gets: Shutdown }[] = [
	{ it: 'a Deployment never had them', stored: NEVER_HAD, sent: NEVER_HAD, gets: OURS },
	{ it: 'the operator drops both', stored: OURS, sent: NEVER_HAD, gets: OURS },
	{
		it: 'the operator drops both, preStop is off by now',
		stored: { grace: 45 },
		sent: NEVER_HAD,
		options: { settings: { preStopSeconds: 0 } },
		gets: { grace: 45 },
	},
	{
		it: 'a grace period of the user, dropped by the operator',
		stored: { grace: 120 },
		sent: NEVER_HAD,
		gets: { grace: 120, lifecycle: sleep(5) },
	},
	{
		it: 'a lifecycle of the user',
		stored: NEVER_HAD,
		sent: { grace: 30, lifecycle: EXEC },
		gets: { grace: 45, lifecycle: EXEC },
	},
	{
		it: 'a short grace period is configured by now, and preStop is off',
		stored: { grace: 30, lifecycle: sleep(5) },
		sent: NEVER_HAD,
		options: { settings: { gracePeriodSeconds: 3, preStopSeconds: 0 } },
		gets: { grace: 3 },
	},
	{ it: 'a short grace period of the user', stored: { grace: 3 }, sent: NEVER_HAD, gets: { grace: 3 } },
];

describe('shutdown settings › UPDATE that changes the template › applied', () => {
	const changes: Record<string, (owner: Json, sent: Shutdown) => Json> = {
		'another image': (owner, sent) => proxy(owner, sent, { image: 'x:2' }),
		'rollout restart': (owner, sent) => proxy(owner, sent, {}, { 'kubectl.kubernetes.io/restartedAt': '2026' }),
	};
	for (const [what, change] of Object.entries(changes)) {
		for (const row of CHANGED) {
			it(`${what} › ${row.it} › ${JSON.stringify(row.gets)}`, () => {
				for (const owner of OWNERS) {
					const before = proxy(owner, row.stored);
					const after = updated(owner, change(owner, row.sent), before, row.options);
					expect(shutdownOf(after)).to.deep.equal(row.gets);
					expect(updated(owner, after, before, row.options), 'a second time').to.equal(after);
				}
			});
		}
	}
	it('the password variable is added › applied with it', () => {
		const owner = mcpServer(WITH_PASSWORD);
		const before = proxy(owner, NEVER_HAD);
		expect(shutdownOf(updated(owner, before, before))).to.deep.equal(OURS);
	});
});

const PERSON: { it: string; stored: Shutdown; sent: Shutdown; gets: Shutdown }[] = [
	{ it: 'another grace period', stored: OURS, sent: { ...OURS, grace: 60 }, gets: { grace: 60, lifecycle: sleep(5) } },
	{
		it: 'another grace period, without preStop',
		stored: NEVER_HAD,
		sent: { grace: 60 },
		gets: { grace: 60, lifecycle: sleep(5) },
	},
	{ it: 'grace period 30 for 120', stored: { grace: 120 }, sent: NEVER_HAD, gets: OURS },
	{ it: 'an own lifecycle', stored: OURS, sent: { grace: 45, lifecycle: EXEC }, gets: { grace: 45, lifecycle: EXEC } },
	{ it: 'no lifecycle for an own one', stored: { grace: 45, lifecycle: EXEC }, sent: { grace: 45 }, gets: OURS },
	{ it: 'a grace period below preStop', stored: OURS, sent: { ...OURS, grace: 0 }, gets: { grace: 0 } },
];

describe('shutdown settings › UPDATE by a person who sets them › obeyed', () => {
	for (const row of PERSON) {
		it(`${row.it} › ${JSON.stringify(row.gets)}`, () => {
			for (const owner of OWNERS) {
				const before = proxy(owner, row.stored);
				const after = updated(owner, proxy(owner, row.sent), before, { by: 'person' });
				expect(shutdownOf(after)).to.deep.equal(row.gets);
				expect(updated(owner, after, before, { by: 'person' }), 'a second time').to.equal(after);
			}
		});
	}
});

describe('shutdown settings › the reconciler', () => {
	const backfilled = (owner: Json, object: Json, checksum?: string): Json => {
		const server = serverOf(owner) as Server;
		return updateLiveTemplate(frozen(object), server, decide(server), DEFAULT_SETTINGS, checksum);
	};
	const CHECKSUM = 'toolhive.stacklok.dev/runconfig-checksum';

	it('nothing else to write › nothing is written', () => {
		for (const owner of OWNERS) {
			const object = frozen(proxy(owner, NEVER_HAD));
			expect(backfilled(owner, object)).to.equal(object);
		}
	});
	it('the password variable is missing › written with it', () => {
		const owner = mcpServer(WITH_PASSWORD);
		expect(shutdownOf(backfilled(owner, proxy(owner, NEVER_HAD)))).to.deep.equal(OURS);
	});
	it('the checksum of the configuration changes › written with it', () => {
		const owner = mcpServer();
		const object = frozen(proxy(owner, NEVER_HAD, {}, { [CHECKSUM]: 'old' }));
		expect(backfilled(owner, object, 'old')).to.equal(object);
		expect(shutdownOf(backfilled(owner, object, 'new'))).to.deep.equal(OURS);
	});
	it('a grace period and a lifecycle of the user › kept', () => {
		const owner = mcpServer(WITH_PASSWORD);
		const own = { grace: 120, lifecycle: EXEC };
		expect(shutdownOf(backfilled(owner, proxy(owner, own)))).to.deep.equal(own);
	});
});
