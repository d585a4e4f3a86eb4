/** Events: one is made, the same again becomes a series, and all together are limited. */
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

function createStage() {
	const sent: { method: string; path: string; body: Json }[] = [];
	const troubles: string[] = [];
	const stage = { nowMs: Date.UTC(2026, 0, 1), isBroken: false };
	const recorder = createEventRecorder({
		connection: {
			send: async (method, path, body) => {
				if (stage.isBroken) throw new Error('forbidden');
				sent.push({ method, path, body: body as Json });
				return {};
			},
		},
		instance: 'pod-1',
		warn: (message) => void troubles.push(message),
		nowMs: () => stage.nowMs,
	});
	return { stage, recorder, sent, troubles };
}

describe('events', () => {
	it('has everything that events.k8s.io asks for', async () => {
		const { recorder, sent } = createStage();
		recorder.record(SERVER, CAPPED);
		await recorder.flush();
		const [{ method, path, body } = { method: '', path: '', body: {} as Json }] = sent;
		expect([method, path]).to.deep.equal(['POST', '/apis/events.k8s.io/v1/namespaces/demo/events']);
		expect(body).to.deep.include({
			apiVersion: 'events.k8s.io/v1',
			kind: 'Event',
			eventTime: '2026-01-01T00:00:00.000000Z',
			reportingController: 'toolhive-scaling',
			reportingInstance: 'pod-1',
			type: 'Warning',
			reason: 'StdioReplicaCapped',
			action: 'Cap',
			note: 'scaled back',
		});
		expect(body['regarding']).to.deep.include({ kind: 'MCPServer', namespace: 'demo', name: 'files', uid: 'u1' });
	});

	it('the same again becomes a series of that Event, written less and less often', async () => {
		const { recorder, sent } = createStage();
		for (let count = 0; count < 100; count += 1) recorder.record(SERVER, CAPPED);
		await recorder.flush();
		expect(sent.map(({ method }) => method)).to.deep.equal(['POST', ...Array.from({ length: 6 }, () => 'PATCH')]);
		expect(asTree(sent.at(-1)?.body ?? {})['series']?.['count']).to.equal(64);
		const name = asTree(sent[0]?.body ?? {})['metadata']?.['name'];
		expect(sent[1]?.path.endsWith(`/events/${name}`)).to.equal(true);
	});

	it('after a while it is a new one, and so is another note or another server of the same name', async () => {
		const { stage, recorder, sent } = createStage();
		recorder.record(SERVER, CAPPED);
		stage.nowMs += 400_000;
		recorder.record(SERVER, CAPPED);
		recorder.record(SERVER, { ...CAPPED, note: 'other' });
		recorder.record({ ...SERVER, metadata: { ...SERVER.metadata, uid: 'u2' } }, CAPPED);
		await recorder.flush();
		expect(sent.map(({ method }) => method)).to.deep.equal(['POST', 'POST', 'POST', 'POST']);
	});

	it('a storm is cut off, and later ones pass again', async () => {
		const { stage, recorder, sent } = createStage();
		const tell = (index: number): void => recorder.record(SERVER, { ...CAPPED, note: `number ${index}` });
		for (let index = 0; index < 1_000; index += 1) tell(index);
		await recorder.flush();
		expect(sent).to.have.length(50);
		stage.nowMs += 10_000;
		for (let index = 2_000; index < 2_100; index += 1) tell(index);
		await recorder.flush();
		expect(sent).to.have.length(60);
	});

	it('one that cannot be written is dropped, with a line in the log, and the next is tried', async () => {
		const { stage, recorder, sent, troubles } = createStage();
		stage.isBroken = true;
		recorder.record(SERVER, CAPPED);
		await recorder.flush();
		stage.isBroken = false;
		recorder.record(SERVER, { ...CAPPED, note: 'other' });
		await recorder.flush();
		expect(troubles).to.deep.equal(['event cannot be written']);
		expect(sent).to.have.length(1);
	});
});
