/** What a watch asks for where nobody says how: other tests set all of it, to be quicker. */
import { expect } from 'chai';
import { it } from 'mocha';
import { startWatch } from '../../../src/cluster/watch.ts';
import { PATH } from '../../harness/scripted-api-server.ts';
import { until } from '../../harness/until.ts';
import { createFollower } from './following.ts';

it('a watch has pages of 100, ends after 4 to 8 minutes, and takes 150 s of silence for a dead connection', async () => {
	const { following, endAll } = createFollower('HTTP/2');
	const { api, connection, watch } = await following();
	watch.stop();
	const asked = api.asked.length;
	const silences: number[] = [];
	const ours = startWatch({
		connection: {
			...connection,
			stream: (path, idleTimeoutMs, signal) => {
				silences.push(idleTimeoutMs);
				return connection.stream(path, idleTimeoutMs, signal);
			},
		},
		paths: [PATH],
		project: (item) => item,
		onList: () => undefined,
		onChange: () => undefined,
		onDelete: () => undefined,
		warn: () => undefined,
	});
	await until(() => api.asked.length === asked + 2);
	const [list, stream] = api.asked.slice(asked);
	expect(list?.query.get('limit')).to.equal('100');
	expect(Number(stream?.query.get('timeoutSeconds'))).to.be.within(240, 480);
	// Longer than two bookmarks are apart, of which the API server sends one a minute.
	expect(silences).to.deep.equal([150_000]);
	ours.stop();
	await endAll();
});
