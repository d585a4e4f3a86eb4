/**
 * Tests the grace period and preStop of a proxy: grace-period.ts and pre-stop.ts. The configured values are 45 and 5
 * seconds.
 */
import { expect } from 'chai';
import { defaultGracePeriod, keptGracePeriod } from '../../../src/policy/grace-period.ts';
import { defaultLifecycle, keptLifecycle, shortestGracePeriod } from '../../../src/policy/pre-stop.ts';

describe('grace period › a new Deployment', () => {
	for (const [title, sent, expected] of [
		['absent', undefined, 45],
		['null, which is absent', null, 45],
		["30, the API server's own default", 30, 45],
		['0 of the user', 0, 0],
		['a text, which the API server rejects', '30', '30'],
	] as const) {
		it(`${title} › ${expected}`, () => expect(defaultGracePeriod(sent, 45)).to.equal(expected));
	}
});

const OPERATOR = true;
const USER = false;

describe('grace period › an update', () => {
	for (const [title, isByOperator, sent, stored, expected] of [
		['the operator sends none › the stored 120', OPERATOR, undefined, 120, 120],
		['the operator sends 30 › the stored 0', OPERATOR, 30, 0, 0],
		['the operator sends none, none is stored › none', OPERATOR, null, undefined, null],
		['the operator sends 90, 120 is stored › 90', OPERATOR, 90, 120, 90],
		['a user sends 30, 120 is stored › 30', USER, 30, 120, 30],
		['a user sends 30 › the stored 45, which is configured', USER, 30, 45, 45],
		['a user sends 60, 45 is stored › 60', USER, 60, 45, 60],
	] as const) {
		it(title, () => expect(keptGracePeriod(sent, stored, 45, isByOperator)).to.equal(expected));
	}
});

const sleep = (seconds: unknown) => ({ preStop: { sleep: { seconds } } });
const EXEC = { preStop: { exec: { command: ['sleep', '5'] } } };

describe('preStop › a new Deployment', () => {
	it('shortest grace period › preStop, 30 s of drain and 1 s; 0 if preStop is off', () => {
		expect([5, 1, 0].map(shortestGracePeriod)).to.deep.equal([36, 32, 0]);
	});
	for (const [title, sent, seconds, grace, expected] of [
		['null › 5 s', null, 5, 45, sleep(5)],
		['none, 0 is configured › none', undefined, 0, 45, undefined],
		['only a postStart › kept', { postStart: {} }, 5, 45, { postStart: {} }],
		['the grace period leaves 31 s for the drain › 5 s', undefined, 5, 36, sleep(5)],
		['the grace period leaves 30 s for the drain › none', undefined, 5, 35, undefined],
		['the grace period is a text › none', undefined, 5, '45', undefined],
	] as const) {
		it(title, () => expect(defaultLifecycle(sent, seconds, grace)).to.deep.equal(expected));
	}
});

describe('preStop › an update', () => {
	const merged = { preStop: { ...sleep(5).preStop, ...EXEC.preStop } };
	const withPostStart = { ...sleep(5), postStart: {} };
	for (const [title, isByOperator, sent, stored, grace, expected] of [
		['the operator drops another sleep › restored', OPERATOR, undefined, sleep(20), 45, sleep(20)],
		['another client drops the configured sleep › restored', USER, undefined, sleep(5), 45, sleep(5)],
		['a user drops another sleep › dropped', USER, undefined, sleep(20), 45, undefined],
		['the operator drops a command › dropped', OPERATOR, undefined, EXEC, 45, undefined],
		['a patch merges a command beside the stored sleep › the command', USER, merged, sleep(5), 45, EXEC],
		['a user sends a command, and a grace period below the sleep › the command', USER, EXEC, sleep(5), 3, EXEC],
		['a text is stored › dropped', OPERATOR, undefined, sleep('5'), 45, undefined],
		['a sleep and a postStart are stored › dropped', OPERATOR, undefined, withPostStart, 45, undefined],
		['a user sends another sleep › that sleep', USER, sleep(9), sleep(5), 45, sleep(9)],
		['the operator drops it, the grace period is too short › dropped', OPERATOR, undefined, sleep(5), 5, undefined],
		['a user lowers the grace period below the configured sleep › dropped', USER, sleep(5), sleep(5), 3, undefined],
		['a user lowers the grace period below another sleep › kept', USER, sleep(9), sleep(9), 3, sleep(9)],
		['a new sleep above the grace period › kept', USER, sleep(5), undefined, 3, sleep(5)],
	] as const) {
		it(title, () => expect(keptLifecycle(sent, stored, 5, grace, isByOperator)).to.deep.equal(expected));
	}
});
