/**
 * How a proxy is stopped: the grace period of its pods and the preStop sleep of its container. To write them must not roll pods: an
 * update whose pod template differs from the stored one in nothing else keeps what is stored.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Kind } from '../api/names.ts';
import type { Json } from '../api/types.ts';
import { defaultGracePeriod, keptGracePeriod } from '../policy/grace-period.ts';
import { defaultLifecycle, keptLifecycle } from '../policy/pre-stop.ts';
import type { Settings } from '../policy/settings.ts';
import { podSpecOf, proxyContainerOf, withPodSpec, withProxyContainer } from './containers.ts';
import { valueAt } from './metadata.ts';

interface Shutdown {
	readonly graceSeconds: unknown;
	readonly lifecycle: unknown;
}

const GRACE = 'terminationGracePeriodSeconds';

/** `deployment` with the configured values where none are set, itself where all are. */
export function applyShutdown(deployment: Json, kind: Kind, settings: Settings): Json {
	const sent = shutdownOf(deployment, kind);
	const graceSeconds = defaultGracePeriod(sent.graceSeconds, settings.gracePeriodSeconds);
	const lifecycle = defaultLifecycle(sent.lifecycle, settings.preStopSeconds, graceSeconds);
	return withShutdown(deployment, kind, { graceSeconds, lifecycle });
}

/** The same for an update of `before`. A template that changes in something else rolls the pods anyway. */
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
	if (isDeepStrictEqual(templateOf(kept), templateOf(before))) return kept;
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
	const timed = podSpec[GRACE] === graceSeconds ? podSpec : withKey(podSpec, GRACE, graceSeconds);
	const wanted =
		container === undefined || container['lifecycle'] === lifecycle
			? timed
			: withProxyContainer(timed, kind, withKey(container, 'lifecycle', lifecycle));
	return wanted === podSpec ? deployment : withPodSpec(deployment, wanted);
}

function withKey(object: Json, key: string, value: unknown): Json {
	if (value !== undefined) return { ...object, [key]: value };
	const { [key]: _removed, ...others } = object;
	return others;
}

const templateOf = (deployment: Json): unknown => valueAt(deployment, ['spec', 'template']);
