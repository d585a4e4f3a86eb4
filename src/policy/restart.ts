/**
 * A changed RunConfig has to restart the pods that read it at their start. An operator up to v0.15 leaves the checksum out of an
 * MCPServer's pods with annotations (toolhive#5148); the reconciler does not add one, because the operator would revert it as drift.
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
		message: 'RunConfig changes do not restart annotated pods',
	};
};
