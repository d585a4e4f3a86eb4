import { expect } from 'chai';
import {
	DEFAULT_PRE_STOP_SECONDS,
	defaultLifecycle,
	keptLifecycle,
	shortestGracePeriod,
} from '../../../src/policy/pre-stop.ts';

const sleep = (seconds: unknown) => ({ preStop: { sleep: { seconds } } });
const EXEC = { preStop: { exec: { command: ['sleep', '5'] } } };

const TABLE: { it: string; sent: unknown; seconds?: number; grace?: unknown; gets: unknown }[] = [
	{ it: 'none', sent: undefined, gets: sleep(5) },
	{ it: 'null counts as none', sent: null, gets: sleep(5) },
	{ it: 'none, 0 is configured', sent: undefined, seconds: 0, gets: undefined },
	{ it: "another sleep is the user's", sent: sleep(20), gets: sleep(20) },
	{ it: "a command is the user's", sent: EXEC, gets: EXEC },
	{ it: "only a postStart is the user's too", sent: { postStart: {} }, gets: { postStart: {} } },
	{ it: "an empty one is the user's", sent: {}, gets: {} },
	{ it: 'a text is for the API server to refuse', sent: 'x', gets: 'x' },
	{ it: 'none, the grace period leaves 31 s for the drain', sent: undefined, grace: 36, gets: sleep(5) },
	{ it: 'none, the grace period leaves 30 s', sent: undefined, grace: 35, gets: undefined },
	{ it: 'none, the grace period is as long', sent: undefined, grace: 5, gets: undefined },
	{ it: 'none, the grace period is shorter', sent: undefined, grace: 0, gets: undefined },
	{ it: 'none, the grace period is a text', sent: undefined, grace: '45', gets: undefined },
];

describe('preStop › the lifecycle that was sent', () => {
	for (const row of TABLE) {
		it(`${row.it} › ${JSON.stringify(row.gets)}`, () => {
			expect(defaultLifecycle(row.sent, row.seconds ?? 5, 'grace' in row ? row.grace : 45)).to.deep.equal(row.gets);
		});
	}
	it('is 5 s by default', () => {
		expect(DEFAULT_PRE_STOP_SECONDS).to.equal(5);
	});
	it('needs a grace period above preStop and 30 s of drain, unless it is off', () => {
		expect([5, 1, 0].map(shortestGracePeriod)).to.deep.equal([36, 32, 0]);
	});
});

const KEPT: { it: string; sent?: unknown; stored: unknown; grace?: number; by?: 'operator'; gets: unknown }[] = [
	{ it: 'the operator drops the configured sleep › kept', stored: sleep(5), by: 'operator', gets: sleep(5) },
	{ it: 'the operator drops another sleep › kept', stored: sleep(20), by: 'operator', gets: sleep(20) },
	{ it: 'another client drops the configured sleep › kept', stored: sleep(5), gets: sleep(5) },
	{ it: 'a person drops another sleep › obeyed', stored: sleep(20), gets: undefined },
	{ it: 'the operator drops a command › obeyed', stored: EXEC, by: 'operator', gets: undefined },
	{
		it: 'a patch merges a command beside the stored sleep › the command alone',
		sent: { preStop: { ...sleep(5).preStop, ...EXEC.preStop } },
		stored: sleep(5),
		gets: EXEC,
	},
	{
		it: 'a person sends a command and a grace period below the sleep › obeyed',
		sent: EXEC,
		stored: sleep(5),
		grace: 3,
		gets: EXEC,
	},
	{ it: 'none was stored', stored: undefined, by: 'operator', gets: undefined },
	{ it: 'a text was stored', stored: sleep('5'), by: 'operator', gets: undefined },
	{ it: 'more than a sleep was stored', stored: { ...sleep(5), postStart: {} }, by: 'operator', gets: undefined },
	{ it: 'the operator sends its own › obeyed', sent: EXEC, stored: sleep(5), by: 'operator', gets: EXEC },
	{ it: 'a person sends another sleep › obeyed', sent: sleep(9), stored: sleep(5), gets: sleep(9) },
	{
		it: 'the operator drops it, the grace period is too short',
		stored: sleep(5),
		grace: 5,
		by: 'operator',
		gets: undefined,
	},
	{
		it: 'a person lowers the grace period below it › dropped',
		sent: sleep(5),
		stored: sleep(5),
		grace: 3,
		gets: undefined,
	},
	{
		it: "a sleep that is a person's › left to the API server",
		sent: sleep(9),
		stored: sleep(9),
		grace: 3,
		gets: sleep(9),
	},
	{ it: 'a new sleep above the grace period › the same', sent: sleep(5), stored: undefined, grace: 3, gets: sleep(5) },
];

describe('preStop › an update, 5 is configured', () => {
	for (const row of KEPT) {
		it(`${row.it} › ${JSON.stringify(row.gets)}`, () => {
			const isByOperator = row.by === 'operator';
			expect(keptLifecycle(row.sent, row.stored, 5, row.grace ?? 45, isByOperator)).to.deep.equal(row.gets);
		});
	}
});
