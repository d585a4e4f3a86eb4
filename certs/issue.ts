/**
 * Calls src/certificates/issue.ts with the host names of a local process as the default. make.ts and the tests use this
 * module.
 */

import { issueServing as issue, type ServingOptions } from '../src/certificates/issue.ts';
import type { KeyPair } from '../src/certificates/secret-data.ts';

export { type CaOptions, IssueError, issueCa } from '../src/certificates/issue.ts';
export { CA_DAYS, SERVING_DAYS } from '../src/certificates/lifetimes.ts';
export type { KeyPair } from '../src/certificates/secret-data.ts';

/** The host names of the Service in manifests/ and of a local process. */
export const DEFAULT_HOSTS: readonly string[] = [
	'toolhive-scaling.toolhive-scaling.svc',
	'toolhive-scaling.toolhive-scaling.svc.cluster.local',
	'localhost',
	'127.0.0.1',
	'::1',
];

export const issueServing = (ca: KeyPair, options: Partial<ServingOptions> = {}): Promise<KeyPair> =>
	issue(ca, { hosts: DEFAULT_HOSTS, ...options });
