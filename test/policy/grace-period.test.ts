import { expect } from 'chai';
import { DEFAULT_GRACE_PERIOD_SECONDS, gracePeriodOf } from '../../src/policy/grace-period.ts';

const TABLE = [
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
			expect(gracePeriodOf(row.sent, row.configured)).to.equal(row.gets);
		});
	}
	it('is 30 s by default (TestTerminationGracePeriodSet)', () => {
		expect(DEFAULT_GRACE_PERIOD_SECONDS).to.equal(30);
	});
});
