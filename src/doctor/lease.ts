/** Checks the Lease of the leader. */
import { textOf } from '../objects/metadata.ts';
import { ok, warn } from './check-result.ts';
import type { DoctorCheck } from './context.ts';
import { describeCommand } from './deployment.ts';
import { objectAt } from './installation.ts';

/** The leader renews the Lease every 2 s. One minute tolerates clocks that differ slightly. */
const STALE_MS = 60_000;

export const checkLease: DoctorCheck = async ({ product, cluster, flags, nowMs }) => {
	const subject = `${product.namespace}/${product.name}`;
	const object = await cluster.getLease(product);
	const { isElected = true, isReconciling = true, isSelfManaged = false } = flags ?? {};
	if (!isElected) return [ok(subject, 'is not used: --leader-elect=false')];
	if (!isReconciling && !isSelfManaged) return [ok(subject, 'is not used: --reconcile=false')];
	const fix = describeCommand(product);
	if (object === undefined) return [warn(subject, 'does not exist: no replica reconciles', fix)];
	const spec = objectAt(object, 'spec');
	const holder = textOf(spec['holderIdentity']);
	if (!holder) return [warn(subject, 'has no holder: no replica reconciles', fix)];
	const ageMs = nowMs - Date.parse(String(spec['renewTime']));
	if (ageMs < STALE_MS) return [ok(subject, `is held by ${holder}`)];
	const age = Number.isNaN(ageMs) ? 'never renewed' : `renewed ${Math.round(ageMs / 1000)} s ago`;
	return [warn(subject, `is held by ${holder} but was ${age}: no replica reconciles`, fix)];
};
