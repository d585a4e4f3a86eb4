/** The maker of src/certificates, with the names that a process on this machine is asked for as well. For make.ts and tests. */

import { issueServing as issue, type ServingOptions } from '../src/certificates/issue.ts';
import type { KeyPair } from '../src/certificates/secret-data.ts';

export { type CaOptions, IssueError, issueCa } from '../src/certificates/issue.ts';
export { CA_DAYS, SERVING_DAYS } from '../src/certificates/lifetimes.ts';
export type { KeyPair } from '../src/certificates/secret-data.ts';

/** The names under which the API server finds the Service in manifests/, and a process on this machine. */
export const DEFAULT_HOSTS: readonly string[] = [
	'toolhive-scaling.toolhive-scaling.svc',
	'toolhive-scaling.toolhive-scaling.svc.cluster.local',
	'localhost',
	'127.0.0.1',
	'::1',
];

export const issueServing = (authority: KeyPair, options: Partial<ServingOptions> = {}): Promise<KeyPair> =>
	issue(authority, { hosts: DEFAULT_HOSTS, ...options });
