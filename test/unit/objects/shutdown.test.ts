/**
 * Tests when the shutdown settings are written to a pod template. test/unit/policy/shutdown.test.ts tests their values,
 * and the golden cases cover all kinds of servers.
 */
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { updateLiveTemplate } from '../../../src/objects/live-deployment.ts';
import { valueAt } from '../../../src/objects/metadata.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { decisionFor, store } from '../../harness/decided.ts';
import * as harness from '../../harness/objects.ts';

const { container, deployment, mcpServer, PASSWORD_ENTRY, WITH_PASSWORD } = harness;
const HTTP = mcpServer();

type Shutdown = { readonly grace?: unknown; readonly lifecycle?: unknown };
const sleep = (seconds: number): Shutdown => ({ lifecycle: { preStop: { sleep: { seconds } } } });
const EXEC: Shutdown = { lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } } };
/** The API server sets this value if the client sends none. */
const DEFAULT: Shutdown = { grace: 30 };
const CONFIGURED: Shutdown = { grace: 45, ...sleep(5) };

/** Returns a proxy Deployment with these settings. `more` is merged into its container. */
const proxy = ({ grace, ...lifecycle }: Shutdown, more: Json = {}, annotations?: Json): Json => {
	const spec = { containers: [container(HTTP, { ...lifecycle, ...more })], terminationGracePeriodSeconds: grace };
	return deployment(HTTP, { template: { metadata: { labels: { app: 'x' }, annotations }, spec } });
};
const shutdownOf = (object: Json): Shutdown => {
	const { containers, terminationGracePeriodSeconds } = valueAt(object, ['spec', 'template', 'spec']) as Json;
	const [{ lifecycle } = {}] = containers as Json[];
	return { grace: terminationGracePeriodSeconds, ...(lifecycle !== undefined && { lifecycle }) };
};

const OFF: Partial<Settings> = { preStopSeconds: 0 };
/** Whether the operator sends the update, and whether the update also changes another part of the pod template. */
type Update = 'operator' | 'person' | 'restart';
type Row = [title: string, update: Update, before: Shutdown, sent: Shutdown, expected: Shutdown, Partial<Settings>?];
const ROWS: Row[] = [
	['both are dropped, preStop is off now', 'operator', CONFIGURED, DEFAULT, CONFIGURED, OFF],
	['a grace period is dropped, there was no preStop', 'operator', { grace: 120 }, DEFAULT, { grace: 120 }],
	['neither before', 'restart', DEFAULT, DEFAULT, CONFIGURED],
	['the grace period is dropped, preStop is off', 'restart', { grace: 45 }, DEFAULT, { grace: 45 }, OFF],
	['a grace period of the user is dropped', 'restart', { grace: 120 }, DEFAULT, { grace: 120, ...sleep(5) }],
	['a lifecycle of the user', 'restart', DEFAULT, { grace: 30, ...EXEC }, { grace: 45, ...EXEC }],
	['3 s are set', 'restart', { grace: 30, ...sleep(5) }, DEFAULT, { grace: 3 }, { ...OFF, gracePeriodSeconds: 3 }],
	['an own lifecycle is removed', 'person', { grace: 45, ...EXEC }, { grace: 45 }, CONFIGURED],
	['a grace period below preStop', 'person', CONFIGURED, { ...CONFIGURED, grace: 0 }, { grace: 0 }],
];

describe('shutdown settings', () => {
	it('CREATE › TestTerminationGracePeriodSet: neither is set › both as configured', () => {
		expect(shutdownOf(store(HTTP, proxy({})))).to.deep.equal(CONFIGURED);
	});
	for (const [title, update, stored, sent, expected, settings] of ROWS) {
		it(`UPDATE (${update}) › ${title} › ${JSON.stringify(expected)}`, () => {
			const before = proxy(stored);
			const annotations = update === 'restart' ? { 'kubectl.kubernetes.io/restartedAt': '2026' } : undefined;
			const options = { ...settings, byOperator: update !== 'person' };
			const after = store(HTTP, proxy(sent, {}, annotations), before, options);
			expect(shutdownOf(after)).to.deep.equal(expected);
			expect(store(HTTP, after, before, options), 'a second time').to.equal(after);
			if (update === 'operator') expect(after, 'no pod rolls').to.deep.equal(before);
		});
	}
	it('UPDATE › the operator drops both and the password variable › all are restored', () => {
		const before = proxy(CONFIGURED, { env: [PASSWORD_ENTRY] });
		expect(store(mcpServer(WITH_PASSWORD), proxy(DEFAULT, { env: [] }), before)).to.deep.equal(before);
	});
});

const CHECKED = proxy(DEFAULT, {}, { 'toolhive.stacklok.dev/runconfig-checksum': 'old' });

const LIVE: [title: string, owner: Json, object: Json, expected: Shutdown, checksum?: string][] = [
	['the password variable is missing', mcpServer(WITH_PASSWORD), proxy(DEFAULT), CONFIGURED],
	['nothing is missing', HTTP, proxy(DEFAULT), DEFAULT],
	['the same checksum', HTTP, CHECKED, DEFAULT, 'old'],
	['another checksum', HTTP, CHECKED, CONFIGURED, 'new'],
	['no checksum before', HTTP, proxy(DEFAULT), DEFAULT, 'new'],
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
