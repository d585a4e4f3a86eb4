import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';
import { createEventRecorder } from '../../../src/cluster/events.ts';
import { asTree } from '../../harness/objects.ts';

const SERVER = {
	apiVersion: 'toolhive.stacklok.dev/v1beta1',
	kind: 'MCPServer',
	metadata: { namespace: 'demo', name: 'files', uid: 'u1', resourceVersion: '5' },
};
const CAPPED = { type: 'Warning', reason: 'StdioReplicaCapped', action: 'Cap', note: 'scaled back' } as const;
const PATH = '/apis/events.k8s.io/v1/namespaces/demo/events';

function createHarness() {
	const sent: { method: string; path: string; body: Json }[] = [];
	const warnings: string[] = [];
	const state = { nowMs: Date.UTC(2026, 0, 1), isBroken: false };
	const { record, flush } = createEventRecorder({
		connection: {
			send: async (method, path, body) => {
				if (state.isBroken) throw new Error('forbidden');
				sent.push({ method, path, body: body as Json });
				return {};
			},
		},
		instance: 'pod-1',
		warn: (message) => void warnings.push(message),
		nowMs: () => state.nowMs,
	});
	const methods = async (): Promise<string[]> => {
		await flush();
		return sent.map(({ method }) => method);
	};
	return { state, record, sent, warnings, methods };
}

describe('Events', () => {
	it('a new Event › has all fields that events.k8s.io requires', async () => {
		const { record, sent, methods } = createHarness();
		record(SERVER, CAPPED);
		expect(await methods()).to.deep.equal(['POST']);
		expect(sent[0]?.path).to.equal(PATH);
		const { metadata, ...body } = sent[0]?.body ?? {};
		expect(metadata)
			.to.have.property('name')
			.that.matches(/^files\.[0-9a-f]+$/);
		expect(body).to.deep.equal({
			apiVersion: 'events.k8s.io/v1',
			kind: 'Event',
			eventTime: '2026-01-01T00:00:00.000000Z',
			reportingController: 'toolhive-scaling',
			reportingInstance: 'pod-1',
			...CAPPED,
			regarding: { apiVersion: SERVER.apiVersion, kind: 'MCPServer', ...SERVER.metadata },
		});
	});

	it('repeated 100 times › a series of that Event, written less and less often', async () => {
		const { record, sent, methods } = createHarness();
		for (let count = 0; count < 100; count += 1) record(SERVER, CAPPED);
		expect(await methods()).to.deep.equal(['POST', ...Array(6).fill('PATCH')]);
		const { body } = sent.at(-1) ?? {};
		expect(body).to.deep.equal({ series: { count: 64, lastObservedTime: '2026-01-01T00:00:00.000000Z' } });
		expect(sent[1]?.path).to.equal(`${PATH}/${asTree(sent[0]?.body ?? {})['metadata']?.['name']}`);
	});

	it('repeated after 6 minutes, another note, another uid › a new Event', async () => {
		const { state, record, methods } = createHarness();
		record(SERVER, CAPPED);
		state.nowMs += 359_999;
		record(SERVER, CAPPED);
		state.nowMs += 360_000;
		record(SERVER, CAPPED);
		record(SERVER, { ...CAPPED, note: 'other' });
		record({ ...SERVER, metadata: { ...SERVER.metadata, uid: 'u2' } }, CAPPED);
		expect(await methods()).to.deep.equal(['POST', 'PATCH', 'POST', 'POST', 'POST']);
	});

	it('a long name and a long note › shortened to what the API server accepts', async () => {
		const { record, sent, methods } = createHarness();
		const name = `${'a'.repeat(199)}-${'b'.repeat(50)}`;
		record({ ...SERVER, metadata: { ...SERVER.metadata, name } }, { ...CAPPED, note: 'x'.repeat(2_000) });
		await methods();
		expect(sent[0]?.body['note']).to.have.length(1_024);
		expect(asTree(sent[0]?.body ?? {})['metadata']?.['name']).to.match(/^a{199}\.[0-9a-f]+$/);
	});

	it('1000 different Events › 50 are written, and then one each second; other namespaces are not affected', async () => {
		const { state, record, methods } = createHarness();
		const recordMany = (from: number): void => {
			for (let index = from; index < from + 1_000; index += 1) record(SERVER, { ...CAPPED, note: `number ${index}` });
		};
		recordMany(0);
		expect(await methods()).to.have.length(50);
		record({ ...SERVER, metadata: { ...SERVER.metadata, namespace: 'other' } }, CAPPED);
		expect(await methods()).to.have.length(51);
		state.nowMs += 10_000;
		recordMany(1_000);
		expect(await methods()).to.have.length(61);
	});

	it('an Event cannot be written › dropped with a warning, and the same one is created the next time', async () => {
		const { state, record, methods, warnings } = createHarness();
		state.isBroken = true;
		record(SERVER, CAPPED);
		await methods();
		state.isBroken = false;
		record(SERVER, CAPPED);
		expect(await methods()).to.deep.equal(['POST']);
		expect(warnings).to.deep.equal(['Event cannot be written']);
	});
});
