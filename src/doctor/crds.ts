/** ToolHive's CRDs: what they do not have, the API server drops before any webhook sees it. */

import { GROUP, KIND_LIST, KINDS, type Kind, VERSIONS } from '../api/names.ts';
import { isObject, type Json } from '../api/types.ts';
import { missingFields, UnusableCrd } from '../objects/crd.ts';
import { type CheckResult, fail, ok, someOf, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';

export const crdName = (kind: Kind): string => `${KINDS[kind].plural}.${GROUP}`;

const INSTALL_CRDS =
	"install ToolHive's CRDs, v0.13.0 or later; ours are enough to try things: kubectl apply -f manifests/crds";

/** What `thv-scaling crds` cannot mend: it adds, and leaves the fields that are there as they are. */
const TAKE_RELEASE =
	'take this CRD of a ToolHive release, v0.13.0 or later: thv-scaling crds leaves a field that is there as it is';

export async function crds(getCrd: ClusterReader['getCrd']): Promise<CheckResult[]> {
	const found = await Promise.all(KIND_LIST.map((kind) => getCrd(crdName(kind))));
	return KIND_LIST.flatMap((kind, index) => judge(kind, found[index]));
}

function judge(kind: Kind, crd: Json | undefined): CheckResult[] {
	const name = crdName(kind);
	if (crd === undefined) {
		const say = kind === 'MCPServer' ? fail : warn;
		return [say(name, 'is not installed', INSTALL_CRDS)];
	}
	const versions = versionsOf(crd).filter((version) => isAccepted(version['name']));
	if (versions.length === 0) return [fail(name, `is served in neither ${VERSIONS.join(' nor ')}`, INSTALL_CRDS)];
	const addFields = `kubectl get crd ${name} -o yaml | thv-scaling crds - | kubectl replace -f -`;
	try {
		const faults = missingFields({ ...crd, spec: { versions } }, kind).flatMap(
			({ version, missing }): CheckResult[] => {
				const dropped = missing.filter(({ isKept }) => !isKept);
				if (dropped.length > 0) {
					const fields = someOf(dropped.flatMap((one) => one.fields));
					const fix = dropped.some(({ what }) => what === 'type') ? TAKE_RELEASE : addFields;
					return [fail(name, `${version} lacks ${fields}: the API server drops them`, fix)];
				}
				if (!missing.some(({ hasRule }) => hasRule)) return [];
				return [
					warn(name, `${version} lacks the rule that redis needs an address; only the webhook asks for it`, addFields),
				];
			},
		);
		if (faults.length > 0) return faults;
	} catch (error) {
		if (error instanceof UnusableCrd) return [fail(name, error.message, TAKE_RELEASE)];
		throw error;
	}
	return [ok(name, `has the scaling fields (${versions.map((version) => version['name']).join(', ')})`)];
}

const isAccepted = (version: unknown): boolean => VERSIONS.some((one) => one === version);

/** What `status.phase` may be, in all served versions; undefined where anything may. */
export function phasesOf(crd: Json): readonly unknown[] | undefined {
	const enums = versionsOf(crd).map((version) => PHASES.reduce<unknown>((part, key) => own(part, key), version));
	return enums.every(Array.isArray) && enums.length > 0 ? enums.flat() : undefined;
}

const PHASES = ['schema', 'openAPIV3Schema', 'properties', 'status', 'properties', 'phase', 'enum'];

const own = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);

function versionsOf(crd: Json): Json[] {
	const versions = own(crd['spec'], 'versions');
	return Array.isArray(versions) ? versions.filter((one) => own(one, 'served') === true) : [];
}
