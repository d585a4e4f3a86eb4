/** `deployments/scale`: what kubectl scale, an HPA or KEDA writes. A Scale has a count and nothing else of interest. */

import { isObject, type Json, type Server } from '../api/types.ts';
import type { Finding } from '../policy/finding.ts';
import { desiredReplicas } from '../policy/replicas.ts';
import { scaleFindings } from '../policy/rules.ts';

/** `scale` with a count its server may have, and what to tell the caller when that is not what was asked for. */
export function capScale(scale: Json, server: Server): { scale: Json; findings: Finding[] } {
	const spec = scale['spec'];
	const asked = isObject(spec) ? spec['replicas'] : undefined;
	if (!isObject(spec) || typeof asked !== 'number') return { scale, findings: [] };
	const { replicas } = desiredReplicas(server, { operation: 'scale', sent: asked });
	if (replicas === undefined) return { scale, findings: [] };
	return {
		scale: { ...scale, spec: { ...spec, replicas } },
		findings: scaleFindings(server, asked),
	};
}
