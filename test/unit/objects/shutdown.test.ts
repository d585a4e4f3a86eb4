import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { updateLiveTemplate } from '../../../src/objects/live-deployment.ts';
import { valueAt } from '../../../src/objects/metadata.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { decisionFor, store } from '../../harness/decided.ts';
import * as harness from '../../harness/objects.ts';

const { container, deployment, mcpServer, PASSWORD_ENTRY, WITH_PASSWORD } = harness;
const HTTP = mcpServer();
const OWNERS = [HTTP, harness.virtualMcpServer(), harness.mcpRemoteProxy()];

type Shutdown = { readonly grace?: unknown; readonly lifecycle?: unknown };
const sleep = (seconds: number): Shutdown => ({ lifecycle: { preStop: { sleep: { seconds } } } });
const EXEC: Shutdown = { lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } } };
/** The API server sets this value if the client sends none. */
const DEFAULT: Shutdown = { grace: 30 };
const CONFIGURED: Shutdown = { grace: 45, ...sleep(5) };

/**
 * Returns a proxy Deployment with these settings. `more` is merged into its container, and `annotations` into its pod
 * template.
 */
const proxy = (owner: Json, { grace, ...lifecycle }: Shutdown, more: Json = {}, annotations?: Json): Json => {
	const spec = { containers: [container(owner, { ...lifecycle, ...more })], terminationGracePeriodSeconds: grace };
	return deployment(owner, { template: { metadata: { labels: { app: 'x' }, annotations }, spec } });
};
const shutdownOf = (object: Json): Shutdown => {
	const { containers, terminationGracePeriodSeconds } = valueAt(object, ['spec', 'template', 'spec']) as Json;
	const [{ lifecycle } = {}] = containers as Json[];
	return { grace: terminationGracePeriodSeconds, ...(lifecycle !== undefined && { lifecycle }) };
};

type Own = Partial<Settings>;
const OTHER: Own = { gracePeriodSeconds: 90, preStopSeconds: 10 };
const OFF: Own = { preStopSeconds: 0 };

type Row = [title: string, before: Shutdown | undefined, sent: Shutdown, expected: Shutdown, settings?: Own];

const CREATE: Row[] = [
	['neither', undefined, {}, CONFIGURED],
	['null', undefined, { grace: null, lifecycle: null }, CONFIGURED],
	['other settings', undefined, {}, { grace: 90, ...sleep(10) }, OTHER],
	['preStop is off', undefined, {}, { grace: 45 }, OFF],
	['pod mode', undefined, {}, CONFIGURED, { passwordEnv: 'pod' }],
	['a grace period of the user', undefined, { grace: 60 }, { grace: 60, ...sleep(5) }],
	['a grace period as long as preStop', undefined, { grace: 5 }, { grace: 5 }],
];
const KEPT: Row[] = [
	['both are dropped', CONFIGURED, DEFAULT, CONFIGURED],
	['the grace period is dropped, and there was no preStop', { grace: 45 }, DEFAULT, { grace: 45 }],
	['neither before', DEFAULT, DEFAULT, DEFAULT],
	['a lifecycle of the user', { grace: 30, ...EXEC }, { grace: 30, ...EXEC }, { grace: 30, ...EXEC }],
];
const DROPPED_BY_OPERATOR: Row[] = [
	['both, preStop is off now', CONFIGURED, DEFAULT, CONFIGURED, OFF],
	['both, the settings are others now', CONFIGURED, DEFAULT, CONFIGURED, OTHER],
	['a grace period of the user', { grace: 120 }, DEFAULT, { grace: 120 }],
];
const APPLIED: Row[] = [
	['neither before', DEFAULT, DEFAULT, CONFIGURED],
	['both are dropped', CONFIGURED, DEFAULT, CONFIGURED],
	['the grace period is dropped, preStop is off', { grace: 45 }, DEFAULT, { grace: 45 }, OFF],
	['a grace period of the user is dropped', { grace: 120 }, DEFAULT, { grace: 120, ...sleep(5) }],
	['a lifecycle of the user', DEFAULT, { grace: 30, ...EXEC }, { grace: 45, ...EXEC }],
	['a short grace period of the user', { grace: 3 }, DEFAULT, { grace: 3 }],
	['3 s are set, preStop is off', { grace: 30, ...sleep(5) }, DEFAULT, { grace: 3 }, { ...OFF, gracePeriodSeconds: 3 }],
];
const BY_PERSON: Row[] = [
	['another grace period', CONFIGURED, { ...CONFIGURED, grace: 60 }, { grace: 60, ...sleep(5) }],
	['another grace period, without preStop', DEFAULT, { grace: 60 }, { grace: 60, ...sleep(5) }],
	['no lifecycle instead of an own one', { grace: 45, ...EXEC }, { grace: 45 }, CONFIGURED],
	['a grace period below preStop', CONFIGURED, { ...CONFIGURED, grace: 0 }, { grace: 0 }],
];

const newImage: typeof proxy = (owner, sent) => proxy(owner, sent, { image: 'x:2' });
const restart: typeof proxy = (owner, sent) => proxy(owner, sent, {}, { 'kubectl.kubernetes.io/restartedAt': '2026' });

const GROUPS: [title: string, rows: Row[], byOperator: boolean, send: typeof proxy][] = [
	['CREATE (TestTerminationGracePeriodSet)', CREATE, true, proxy],
	['UPDATE by the operator, no other change', [...KEPT, ...DROPPED_BY_OPERATOR], true, proxy],
	['UPDATE by another client, no other change', KEPT, false, proxy],
	['UPDATE of the image', APPLIED, true, newImage],
	['UPDATE, rollout restart', APPLIED, true, restart],
	['UPDATE by a person who sets them', BY_PERSON, false, proxy],
];

describe('shutdown settings', () => {
	for (const [group, rows, byOperator, send] of GROUPS) {
		for (const [title, stored, sent, expected, settings] of rows) {
			it(`${group} › ${title} › ${JSON.stringify(expected)}`, () => {
				for (const owner of OWNERS) {
					const before = stored && proxy(owner, stored);
					const after = store(owner, send(owner, sent), before, { ...settings, byOperator });
					expect(shutdownOf(after)).to.deep.equal(expected);
					expect(store(owner, after, before, { ...settings, byOperator }), 'a second time').to.equal(after);
					if (group.endsWith('no other change')) expect(after, 'no pod rolls').to.deep.equal(before);
				}
			});
		}
	}
	const owner = mcpServer(WITH_PASSWORD);
	it('UPDATE › the password variable is added › applied with it', () => {
		expect(shutdownOf(store(owner, proxy(owner, DEFAULT), proxy(owner, DEFAULT)))).to.deep.equal(CONFIGURED);
	});
	it('UPDATE › the operator drops both and the password variable › all are restored', () => {
		const before = proxy(owner, CONFIGURED, { env: [PASSWORD_ENTRY] });
		expect(store(owner, proxy(owner, DEFAULT, { env: [] }), before)).to.deep.equal(before);
	});
});

const CHECKED = proxy(HTTP, DEFAULT, {}, { 'toolhive.stacklok.dev/runconfig-checksum': 'old' });
const OF_USER: Shutdown = { grace: 120, ...EXEC };

const LIVE: [title: string, owner: Json, object: Json, expected: Shutdown, checksum?: string][] = [
	['the password variable is missing', mcpServer(WITH_PASSWORD), proxy(HTTP, DEFAULT), CONFIGURED],
	['settings of the user', mcpServer(WITH_PASSWORD), proxy(HTTP, OF_USER), OF_USER],
	['nothing is missing', HTTP, proxy(HTTP, DEFAULT), DEFAULT],
	['the same checksum', HTTP, CHECKED, DEFAULT, 'old'],
	['another checksum', HTTP, CHECKED, CONFIGURED, 'new'],
	['no checksum before', HTTP, proxy(HTTP, DEFAULT), DEFAULT, 'new'],
];

describe('shutdown settings › the reconciler writes them only with another change', () => {
	for (const [title, owner, object, expected, checksum] of LIVE) {
		it(`${title} › ${JSON.stringify(expected)}`, () => {
			const decision = decisionFor(owner);
			const after = updateLiveTemplate(harness.frozen(object), ...decision, DEFAULT_SETTINGS, checksum);
			expect(shutdownOf(after)).to.deep.equal(expected);
			if (expected === DEFAULT) expect(after).to.equal(object);
		});
	}
});
