/**
 * Warns about `backendReplicas`. The backend is a separate StatefulSet, so its count does not follow that of the proxy.
 */
import type { Check } from './finding.ts';

const FIELD = 'spec.backendReplicas';

export const backendReplicasLowered: Check = ({ server, before }) => {
	const count = server.spec.backendReplicas;
	const countBefore = before?.spec.backendReplicas;
	if (count === undefined || countBefore === undefined || count >= countBefore) return undefined;
	return { field: FIELD, message: `lowered from ${countBefore} to ${count}: sessions on removed backends are lost` };
};

export const backendStillRunning: Check = ({ server: { kind, spec } }) =>
	kind === 'MCPServer' && spec.replicas === 0 && spec.backendReplicas !== 0
		? { field: FIELD, message: 'replicas is 0 but the backend keeps running; set this field to 0 too' }
		: undefined;

/** Redis stores the address of the backend Service instead of a Pod's, as measured with runners v0.18.0 and v0.47.0. */
export const backendSessionsNotPinned: Check = ({ server: { spec } }) =>
	!spec.stdio && (spec.backendReplicas ?? 0) > 1
		? { field: FIELD, message: 'a session loses its state if a request reaches another backend' }
		: undefined;
