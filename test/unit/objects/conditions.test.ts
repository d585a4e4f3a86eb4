import { expect } from 'chai';
import { withConditions } from '../../../src/objects/conditions.ts';
import type { Condition } from '../../../src/policy/finding.ts';

const NOW = '2026-01-02T03:04:05Z';
const THEN = '2025-01-01T00:00:00Z';
const ON: Condition = { type: 'Ours', status: 'True', reason: 'Because', message: 'so it is' };
const OFF: Condition = { type: 'Ours', status: 'False', reason: 'Not', message: 'it is not' };
const ONLY_IF_PRESENT: Condition = { ...OFF, isOnlyIfPresent: true };
const stored = (condition: Condition, more: object = {}) => ({
	...condition,
	observedGeneration: 3,
	lastTransitionTime: THEN,
	...more,
});
const FOREIGN = {
	type: 'Ready',
	status: 'True',
	reason: 'Ready',
	message: 'theirs',
	lastTransitionTime: THEN,
	extra: [1],
};

const TABLE = [
	{ it: 'no list: made', found: undefined, wanted: ON, gives: [stored(ON, { lastTransitionTime: NOW })] },
	{ it: 'null: made', found: null, wanted: ON, gives: [stored(ON, { lastTransitionTime: NOW })] },
	{
		it: 'another’s condition: kept in its place',
		found: [FOREIGN],
		wanted: ON,
		gives: [FOREIGN, stored(ON, { lastTransitionTime: NOW })],
	},
	{ it: 'the same: nothing', found: [stored(ON)], wanted: ON, gives: undefined },
	{ it: 'another message: nothing', found: [stored(ON, { message: 'other words' })], wanted: ON, gives: undefined },
	{ it: 'another time: nothing', found: [stored(ON, { lastTransitionTime: NOW })], wanted: ON, gives: undefined },
	{
		it: 'without observedGeneration: its writer’s habit, nothing',
		found: [{ ...ON, lastTransitionTime: THEN }],
		wanted: ON,
		gives: undefined,
	},
	{
		it: 'an old observedGeneration: written, the time stays',
		found: [stored(ON, { observedGeneration: 2 })],
		wanted: ON,
		gives: [stored(ON)],
	},
	{
		it: 'another reason: written, the time stays',
		found: [stored(ON, { reason: 'Other' })],
		wanted: ON,
		gives: [stored(ON)],
	},
	{
		it: 'a flip: written, the time moves',
		found: [stored(ON), FOREIGN],
		wanted: OFF,
		gives: [stored(OFF, { lastTransitionTime: NOW }), FOREIGN],
	},
	{ it: 'never made as False', found: [FOREIGN], wanted: ONLY_IF_PRESENT, gives: undefined },
	{
		it: 'but turned to False',
		found: [stored(ON)],
		wanted: ONLY_IF_PRESENT,
		gives: [stored(OFF, { lastTransitionTime: NOW })],
	},
	{
		it: 'something odd in the list stays',
		found: ['odd', FOREIGN],
		wanted: ON,
		gives: ['odd', FOREIGN, stored(ON, { lastTransitionTime: NOW })],
	},
];

describe('conditions', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			expect(withConditions(row.found, [row.wanted], 3, NOW)).to.deep.equal(row.gives);
		});
	}

	it('what comes out goes in again without a difference', () => {
		const once = withConditions([FOREIGN], [ON], 3, NOW);
		expect(withConditions(once, [ON], 3, '2027-01-01T00:00:00Z')).to.equal(undefined);
	});

	for (const found of [{}, 'text', 7, true]) {
		it(`${JSON.stringify(found)} is no list: refused, so that nothing is lost`, () => {
			expect(() => withConditions(found, [ON], 3, NOW)).to.throw('status.conditions is not a list');
		});
	}
});
