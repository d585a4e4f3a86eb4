/** Parses the lines of a watch and the pages of a list, in chunks of any size. */
import { expect } from 'chai';
import { isLost, listEach, openWatch, type WatchEvent } from '../../../src/cluster/list-watch.ts';
import { jsonOf, type Target } from '../target.ts';

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const { signal } = new AbortController();
const FROM = { path: '/api/v1/configmaps', resourceVersion: '1' };
const TIMES = { watchSeconds: 1, idleTimeoutMs: 1000 };

export const watch: Target = {
	name: 'watch',
	seeds: () => [
		line('ADDED', { metadata: { name: 'é😀', resourceVersion: '2' } }) +
			line('BOOKMARK', { metadata: { resourceVersion: '3' } }),
		line('ERROR', { kind: 'Status', message: 'too old resource version', code: 410 }),
		`\n${line('DELETED', {})}{"type":"MOD`,
		'{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{}}]}',
		'{"kind":"List","items":null}',
	],
	check: async (text) => {
		const whole = await eventsOf(text, Number.POSITIVE_INFINITY);
		expect(await eventsOf(text, 1), 'byte by byte').to.deep.equal(whole);
		expect(await eventsOf(text, 7), 'in sevens').to.deep.equal(whole);
		const page = jsonOf(text);
		if (page === undefined) return;
		let requests = 0;
		const get = async (): Promise<unknown> => {
			requests += 1;
			return requests === 1 ? page : {};
		};
		const connection = { get, stream: () => Promise.reject(new Error('unexpected request')) };
		try {
			const listed = await listEach({ connection, paths: [FROM.path] }, (item) => item, signal);
			expect(listed?.resourceVersion).to.be.a('string');
		} catch (error) {
			expect(isLost(error), String((error as Error).stack)).to.equal(true);
		}
	},
};

/**
 * Returns the events of the stream, and whether the stream ended without an error. After an error, the watch must list
 * again.
 */
async function eventsOf(text: string, length: number): Promise<{ events: WatchEvent[]; isEnded: boolean }> {
	const bytes = Buffer.from(text);
	const pieces = async function* () {
		for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, Math.min(at + length, bytes.length));
	};
	const connection = { get: () => Promise.reject(new Error('unexpected request')), stream: async () => pieces() };
	const events: WatchEvent[] = [];
	try {
		for await (const event of await openWatch({ connection, paths: [] }, FROM, TIMES, signal)) {
			expect(event.resourceVersion).to.be.a('string');
			events.push(event);
		}
		return { events, isEnded: true };
	} catch (error) {
		expect(isLost(error), String((error as Error).stack)).to.equal(true);
		return { events, isEnded: false };
	}
}
