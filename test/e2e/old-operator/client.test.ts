import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { needOldOperator } from '../../harness/old-operator/need-old-operator.ts';
import { createOldOperator } from '../../harness/old-operator/old-operator.ts';

describe('old operator: client', function () {
	this.timeout(60_000);
	const stage = needOldOperator();

	it('reports what the API server refuses', async () => {
		const plane = stage.plane();
		const ca = readFileSync(plane.caFile, 'utf8');
		const stranger = createOldOperator({
			url: plane.url,
			ca,
			token: plane.token('webhook'),
			namespace: stage.namespace(),
		});
		const error: unknown = await stranger.reconcile('MCPServer', 'search').catch((reason: unknown) => reason);
		expect(String(error)).to.contain('mcpservers.toolhive.stacklok.dev "search" is forbidden');
		await stranger.close();
	});
});
