import { expect } from 'chai';
import { DEFAULT_GRACE_PERIOD_SECONDS, gracePeriodOf } from '../../src/policy/grace-period.ts';

const TABLE: { it: string; sent: unknown; configured: number; stored?: unknown; gets: unknown }[] = [
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
	{ it: 'the operator sends 30 › a stored 120 is kept', sent: 30, configured: 45, stored: 120, gets: 120 },
	{ it: 'the operator sends none › a stored 120 is kept', sent: undefined, configured: 45, stored: 120, gets: 120 },
	{ it: 'the operator sends 30 › a stored 0 is kept', sent: 30, configured: 45, stored: 0, gets: 0 },
	{ it: 'the operator sends 30 › a stored 30 is not a choice', sent: 30, configured: 45, stored: 30, gets: 45 },
	{ it: 'the operator sends 30 › nothing stored', sent: 30, configured: 45, stored: null, gets: 45 },
	{ it: 'the operator sends 90 › its value wins over a stored 120', sent: 90, configured: 45, stored: 120, gets: 90 },
];

describe('grace period', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			expect(gracePeriodOf(row.sent, row.configured, row.stored)).to.equal(row.gets);
		});
	}
	it('is 30 s by default (TestTerminationGracePeriodSet)', () => {
		expect(DEFAULT_GRACE_PERIOD_SECONDS).to.equal(30);
	});
});
