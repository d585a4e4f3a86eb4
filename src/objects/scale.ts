/** Caps `deployments/scale`, which kubectl scale, an HPA and KEDA write. */

import type { Json, Server } from '../api/types.ts';
import type { Finding } from '../policy/finding.ts';
import { desiredReplicas } from '../policy/replicas.ts';
import { scaleFindings } from '../policy/rules.ts';
import { replicasOf, withDesiredReplicas } from './deployment.ts';

/** Returns `scale` with a count that its server may have, and a warning if that differs from the requested count. */
export function capScale(scale: Json, server: Server): { scale: Json; findings: Finding[] } {
	const sent = replicasOf(scale);
	if (sent === undefined) return { scale, findings: [] };
	const desired = desiredReplicas(server, { operation: 'scale', sent });
	return { scale: withDesiredReplicas(scale, desired), findings: scaleFindings(server, sent) };
}
