/**
 * Issues the certificates that a step of the plan needs. Import this module late: it loads the library that issues
 * certificates.
 */
import { issueCa, issueServing } from './issue.ts';
import { CA_DAYS, DAY_MS, SERVING_DAYS } from './lifetimes.ts';
import type { Step } from './plan.ts';
import { caIn, type SecretData } from './secret-data.ts';

/** Returns the data to write. Throws IssueError if the current CA cannot sign. */
export async function executeStep(step: Step, hosts: readonly string[], nowMs: number): Promise<SecretData> {
	const now = new Date(nowMs);
	let data = step.keep;
	for (const what of step.make) {
		const { cert, key } =
			what === 'tls'
				? await issueServing(
						{ cert: data['ca.crt'] ?? '', key: data['ca.key'] ?? '' },
						{ hosts, days: servingDays(data, nowMs), now },
					)
				: await issueCa({ now, days: CA_DAYS });
		data = { ...data, [`${what}.crt`]: cert, [`${what}.key`]: key };
	}
	return data;
}

/** A serving certificate must not outlive its CA. */
function servingDays(data: SecretData, nowMs: number): number {
	const endMs = caIn(data, 'ca', nowMs)?.certificate.validToDate.getTime();
	return endMs === undefined ? SERVING_DAYS : Math.min(SERVING_DAYS, (endMs - nowMs) / DAY_MS);
}
