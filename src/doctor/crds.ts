/** Checks ToolHive's CRDs: the API server drops fields that they do not define, before it calls any webhook. */
import { GROUP, KIND_LIST, KINDS, type Kind, VERSIONS } from '../api/names.ts';
import { isObject, type Json } from '../api/types.ts';
import { missingFields, UnusableCrd } from '../objects/crd.ts';
import { valueAt } from '../objects/metadata.ts';
import { type CheckResult, fail, ok, someOf, warn } from './check-result.ts';
import type { DoctorCheck } from './context.ts';

export const crdName = (kind: Kind): string => `${KINDS[kind].plural}.${GROUP}`;

const INSTALL_CRDS = "install ToolHive's CRDs, v0.13.0 or later; for a trial, run kubectl apply -f manifests/crds";

/** The fix for fields of a wrong type: `thv-scaling crds` adds fields and does not change existing ones. */
const TAKE_RELEASE =
	'use this CRD of a ToolHive release, v0.13.0 or later: thv-scaling crds does not change a field that exists';

export const checkCrds: DoctorCheck = async ({ cluster }) => {
	const found = await Promise.all(KIND_LIST.map((kind) => cluster.getCrd(crdName(kind))));
	return KIND_LIST.flatMap((kind, index) => checkCrd(kind, found[index]));
};

function checkCrd(kind: Kind, crd: Json | undefined): CheckResult[] {
	const name = crdName(kind);
	if (crd === undefined) return [(kind === 'MCPServer' ? fail : warn)(name, 'is not installed', INSTALL_CRDS)];
	const versions = servedVersions(crd).filter((version) => VERSIONS.some((one) => one === version['name']));
	if (versions.length === 0) return [fail(name, `is served in neither ${VERSIONS.join(' nor ')}`, INSTALL_CRDS)];
	const addFields = `kubectl get crd ${name} -o yaml | thv-scaling crds - | kubectl replace -f -`;
	try {
		const faults = missingFields({ ...crd, spec: { versions } }, kind).flatMap(({ version, missing }) => {
			const dropped = missing.filter(({ isKept }) => !isKept);
			if (dropped.length > 0) {
				const fields = someOf(dropped.flatMap((one) => one.fields));
				const fix = dropped.some(({ what }) => what === 'type') ? TAKE_RELEASE : addFields;
				return [fail(name, `${version} lacks ${fields}: the API server drops them`, fix)];
			}
			const message = `${version} lacks the rule that redis requires an address; only the webhook checks it`;
			return missing.some(({ hasRule }) => hasRule) ? [warn(name, message, addFields)] : [];
		});
		if (faults.length > 0) return faults;
	} catch (error) {
		if (error instanceof UnusableCrd) return [fail(name, error.message, TAKE_RELEASE)];
		throw error;
	}
	return [ok(name, `has the scaling fields (${versions.map((version) => version['name']).join(', ')})`)];
}

const PHASES = ['schema', 'openAPIV3Schema', 'properties', 'status', 'properties', 'phase', 'enum'];

/** Returns the values that `status.phase` may have in all served versions, or undefined if any value is allowed. */
export function phasesOf(crd: Json): readonly unknown[] | undefined {
	const enums = servedVersions(crd).map((version) => valueAt(version, PHASES));
	return enums.every(Array.isArray) && enums.length > 0 ? enums.flat() : undefined;
}

function servedVersions(crd: Json): Json[] {
	const versions = valueAt(crd, ['spec', 'versions']);
	return Array.isArray(versions) ? versions.filter((one) => isObject(one) && one['served'] === true) : [];
}
