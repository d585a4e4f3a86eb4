import { expect } from 'chai';
import { autoscalerOf } from '../../src/objects/autoscaler.ts';
import { autoscaler } from './build.ts';

const target = (scaleTargetRef: unknown): object => ({ ...autoscaler('search'), spec: { scaleTargetRef } });
const TABLE = [
	{ it: 'a Deployment', object: autoscaler('search'), is: { namespace: 'demo', name: 'search-hpa', target: 'search' } },
	{ it: 'a StatefulSet', object: target({ kind: 'StatefulSet', name: 'search' }), is: undefined },
	{ it: 'nothing', object: {}, is: undefined },
	{ it: 'rubbish', object: target('search'), is: undefined },
];

describe('what is remembered of an autoscaler', () => {
	for (const row of TABLE) {
		it(`that scales ${row.it}: ${row.is === undefined ? 'nothing' : 'its target'}`, () => {
			expect(autoscalerOf(row.object as Parameters<typeof autoscalerOf>[0])).to.deep.equal(row.is);
		});
	}
});
