/**
 * Sets the grace period of a proxy's Pods and the preStop sleep of its container. These settings alone must not roll
 * the Pods, so an update that changes nothing else in the pod template keeps the stored values.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Kind } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import { defaultGracePeriod, keptGracePeriod } from '../policy/grace-period.ts';
import { defaultLifecycle, keptLifecycle } from '../policy/pre-stop.ts';
import type { Settings } from '../policy/settings.ts';
import { podSpecOf, proxyContainerOf, withPodSpec, withProxyContainer } from './containers.ts';
import { valueAt, withValueAt } from './metadata.ts';

interface Shutdown {
	readonly graceSeconds: unknown;
	readonly lifecycle: unknown;
}

const GRACE = 'terminationGracePeriodSeconds';
const TEMPLATE = ['spec', 'template'] as const;

/** Returns `deployment` with the configured value for each unset setting, or `deployment` itself if both are set. */
export function applyShutdown(deployment: Json, kind: Kind, settings: Settings): Json {
	const sent = shutdownOf(deployment, kind);
	const graceSeconds = defaultGracePeriod(sent.graceSeconds, settings.gracePeriodSeconds);
	const lifecycle = defaultLifecycle(sent.lifecycle, settings.preStopSeconds, graceSeconds);
	return withShutdown(deployment, kind, { graceSeconds, lifecycle });
}

/** Does the same for an update of `before`. If the template also changes in another way, the Pods are rolled anyway. */
export function updateShutdown(
	deployment: Json,
	before: Json,
	kind: Kind,
	settings: Settings,
	isByOperator: boolean,
): Json {
	const sent = shutdownOf(deployment, kind);
	const stored = shutdownOf(before, kind);
	const { gracePeriodSeconds, preStopSeconds } = settings;
	const keep = (graceSeconds: unknown): Json => {
		const lifecycle = keptLifecycle(sent.lifecycle, stored.lifecycle, preStopSeconds, graceSeconds, isByOperator);
		return withShutdown(deployment, kind, { graceSeconds, lifecycle });
	};
	const graceSeconds = keptGracePeriod(sent.graceSeconds, stored.graceSeconds, gracePeriodSeconds, isByOperator);
	const kept = keep(graceSeconds);
	if (isDeepStrictEqual(valueAt(kept, TEMPLATE), valueAt(before, TEMPLATE))) return kept;
	return applyShutdown(keep(defaultGracePeriod(graceSeconds, gracePeriodSeconds)), kind, settings);
}

export function shutdownOf(deployment: Json, kind: Kind): Shutdown {
	const podSpec = podSpecOf(deployment);
	return { graceSeconds: podSpec?.[GRACE], lifecycle: proxyContainerOf(podSpec, kind)?.['lifecycle'] };
}

function withShutdown(deployment: Json, kind: Kind, { graceSeconds, lifecycle }: Shutdown): Json {
	const podSpec = podSpecOf(deployment);
	if (podSpec === undefined) return deployment;
	const container = proxyContainerOf(podSpec, kind);
	const timed = podSpec[GRACE] === graceSeconds ? podSpec : withValueAt(podSpec, [GRACE], graceSeconds);
	const wanted =
		container === undefined || container['lifecycle'] === lifecycle
			? timed
			: withProxyContainer(timed, kind, withValueAt(container, ['lifecycle'], lifecycle));
	return wanted === podSpec ? deployment : withPodSpec(deployment, wanted);
}
