/**
 * Warns if a changed RunConfig does not restart the Pods that read it. Operators up to v0.15 omit the checksum from an
 * MCPServer's Pods with annotations (toolhive#5148). The reconciler does not add a missing checksum, because the
 * operator would revert it.
 */
import { isOlder } from '../api/images.ts';
import { OPERATOR_SINCE } from '../api/operators.ts';
import type { Check } from './finding.ts';
import { proxyVersion } from './image-age.ts';
import { runConfigOf } from './run-config.ts';

export const runConfigRestartMissing: Check = ({ server, clusterContext }) => {
	if (server.spec.podAnnotations !== true || Object.keys(runConfigOf(server)).length === 0) return undefined;
	const version = proxyVersion(server, clusterContext);
	if (version === undefined || !isOlder(version, OPERATOR_SINCE.restartsAnnotatedPods)) return undefined;
	return {
		field: 'spec.resourceOverrides.proxyDeployment',
		message: 'RunConfig changes do not restart annotated Pods',
	};
};
