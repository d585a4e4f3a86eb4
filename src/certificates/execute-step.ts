/** A step of the plan made real: new keys and certificates beside what stays. Loads the maker, so import it late. */

import { issueAuthority, issueServing } from './issue.ts';
import { AUTHORITY_DAYS, DAY_MS, SERVING_DAYS } from './lifetimes.ts';
import type { Step } from './plan.ts';
import { authorityIn, type KeyPair, type SecretData } from './secret-data.ts';

/** The texts to write. Throws IssueError where the authority that stays cannot sign. */
export async function executeStep(step: Step, hosts: readonly string[], nowMs: number): Promise<SecretData> {
	const now = new Date(nowMs);
	let data = step.keep;
	for (const what of step.make) {
		const authority = { cert: data['ca.crt'] ?? '', key: data['ca.key'] ?? '' };
		const { cert, key } =
			what === 'tls' ? await servingBy(authority, hosts, nowMs) : await issueAuthority({ now, days: AUTHORITY_DAYS });
		data = { ...data, [`${what}.crt`]: cert, [`${what}.key`]: key };
	}
	return data;
}

/** As long as usual, or as long as its authority, where that one ends before. */
function servingBy(authority: KeyPair, hosts: readonly string[], nowMs: number): Promise<KeyPair> {
	const ends = authorityIn({ 'ca.crt': authority.cert }, 'ca', nowMs)?.certificate.validToDate.getTime();
	const days = ends === undefined ? SERVING_DAYS : Math.min(SERVING_DAYS, (ends - nowMs) / DAY_MS);
	return issueServing(authority, { hosts, days, now: new Date(nowMs) });
}
