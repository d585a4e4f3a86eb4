import { expect } from 'chai';
import { DEFAULT_GRACE_PERIOD_SECONDS, defaultGracePeriod, keptGracePeriod } from '../../../src/policy/grace-period.ts';

const TABLE: { it: string; sent: unknown; configured: number; gets: unknown }[] = [
	{ it: 'absent becomes the configured value', sent: undefined, configured: 30, gets: 30 },
	{ it: 'absent becomes another configured value', sent: undefined, configured: 45, gets: 45 },
	{ it: 'null is absent', sent: null, configured: 45, gets: 45 },
	{ it: "30, the API server's own default, becomes the configured value", sent: 30, configured: 45, gets: 45 },
	{ it: '30 stays 30 with the default setting', sent: 30, configured: 30, gets: 30 },
	{ it: "10 is the user's and stays", sent: 10, configured: 45, gets: 10 },
	{ it: "60 is the user's and stays", sent: 60, configured: 45, gets: 60 },
	{ it: "0 is the user's and stays", sent: 0, configured: 45, gets: 0 },
	{ it: 'a text is for the API server to refuse', sent: '30', configured: 45, gets: '30' },
	{ it: 'configured 0 is a value', sent: undefined, configured: 0, gets: 0 },
];

describe('grace period', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			expect(defaultGracePeriod(row.sent, row.configured)).to.equal(row.gets);
		});
	}
	it('is 45 s by default (TestTerminationGracePeriodSet)', () => {
		expect(DEFAULT_GRACE_PERIOD_SECONDS).to.equal(45);
	});
});

const KEPT: { it: string; sent: unknown; stored: unknown; isByOperator: boolean; gets: unknown }[] = [
	{ it: 'the operator sends 30 › a stored 120', sent: 30, stored: 120, isByOperator: true, gets: 120 },
	{ it: 'the operator sends none › a stored 120', sent: undefined, stored: 120, isByOperator: true, gets: 120 },
	{ it: 'the operator sends 30 › a stored 0', sent: 30, stored: 0, isByOperator: true, gets: 0 },
	{ it: 'the operator sends 30 › a stored 30 is not a choice', sent: 30, stored: 30, isByOperator: true, gets: 30 },
	{ it: 'the operator sends none › none stored', sent: null, stored: undefined, isByOperator: true, gets: null },
	{ it: 'the operator sends 90 › its value wins over 120', sent: 90, stored: 120, isByOperator: true, gets: 90 },
	{ it: 'a person sends 30 › a stored 120 may go', sent: 30, stored: 120, isByOperator: false, gets: 30 },
	{ it: 'another client sends 30 › the stored 45', sent: 30, stored: 45, isByOperator: false, gets: 45 },
	{ it: 'a person sends 60 › their value wins over 45', sent: 60, stored: 45, isByOperator: false, gets: 60 },
];

describe('grace period › an update, 45 is configured', () => {
	for (const row of KEPT) {
		it(`${row.it} › ${row.gets}`, () => {
			expect(keptGracePeriod(row.sent, row.stored, 45, row.isByOperator)).to.equal(row.gets);
		});
	}
});
