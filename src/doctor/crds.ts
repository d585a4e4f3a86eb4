/** ToolHive's CRDs: what they do not have, the API server drops before any webhook sees it. */
import { GROUP, KIND_LIST, KINDS, type Kind, VERSIONS } from '../toolhive/names.ts';
import { SCALING_FIELDS, type Schema } from '../toolhive/schema.ts';
import { isObject, type Json } from '../toolhive/types.ts';
import type { Cluster } from './cluster.ts';
import { fail, ok, type Saying, someOf, warn } from './saying.ts';

export const crdName = (kind: Kind): string => `${KINDS[kind].plural}.${GROUP}`;

const INSTALL_CRDS =
	"install ToolHive's CRDs, v0.13.0 or later; ours are enough to try things: kubectl apply -f manifests/crds";

/** What `thv-scaling crds` cannot mend: it adds, and leaves the fields that are there as they are. */
const TAKE_RELEASE =
	'take this CRD of a ToolHive release, v0.13.0 or later: thv-scaling crds leaves a field that is there as it is';

export async function crds(getCrd: Cluster['getCrd']): Promise<Saying[]> {
	const found = await Promise.all(KIND_LIST.map((kind) => getCrd(crdName(kind))));
	return KIND_LIST.flatMap((kind, index) => judge(kind, found[index]));
}

function judge(kind: Kind, crd: Json | undefined): Saying[] {
	const name = crdName(kind);
	if (crd === undefined) {
		const say = kind === 'MCPServer' ? fail : warn;
		return [say(name, 'is not installed', INSTALL_CRDS)];
	}
	const served = servedVersions(crd).filter(({ name: version }) => isAccepted(version));
	if (served.length === 0) return [fail(name, `is served in neither ${VERSIONS.join(' nor ')}`, INSTALL_CRDS)];
	const addFields = `kubectl get crd ${name} -o yaml | thv-scaling crds - | kubectl replace -f -`;
	const faults = served.flatMap(({ name: version, spec }): Saying[] => {
		const lacks = lackingFields(spec, SCALING_FIELDS[kind], 'spec');
		if (lacks.length > 0)
			return [
				fail(
					name,
					`${version} lacks ${someOf(lacks.map(({ what }) => what))}: the API server drops them`,
					lacks.some(({ isThere }) => isThere) ? TAKE_RELEASE : addFields,
				),
			];
		if (hasRules(spec, SCALING_FIELDS[kind])) return [];
		return [
			warn(name, `${version} lacks the rule that redis needs an address; only the webhook asks for it`, addFields),
		];
	});
	if (faults.length > 0) return faults;
	return [ok(name, `has the scaling fields (${served.map(({ name: version }) => version).join(', ')})`)];
}

const isAccepted = (version: string): boolean => VERSIONS.some((one) => one === version);

/** The schema of `spec` in each version that is served. */
function servedVersions(crd: Json): { readonly name: string; readonly spec: Json }[] {
	return versionsOf(crd).map((version) => ({
		name: String(version['name']),
		spec: propertyOf(schemaOf(version), 'spec') ?? {},
	}));
}

/** What `status.phase` may be, in all served versions; undefined where anything may. */
export function phasesOf(crd: Json): readonly unknown[] | undefined {
	const enums = versionsOf(crd).map((version) => {
		const status = propertyOf(schemaOf(version), 'status');
		return status === undefined ? undefined : propertyOf(status, 'phase')?.['enum'];
	});
	return enums.every(Array.isArray) && enums.length > 0 ? enums.flat() : undefined;
}

function versionsOf(crd: Json): Json[] {
	const versions = isObject(crd['spec']) ? crd['spec']['versions'] : undefined;
	return Array.isArray(versions) ? versions.filter((one) => isObject(one) && one['served'] === true) : [];
}

function schemaOf(version: Json): Json {
	const schema = isObject(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined;
	return isObject(schema) ? schema : {};
}

function propertyOf(schema: Json, name: string): Json | undefined {
	const properties = schema['properties'];
	const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
	return isObject(property) ? property : undefined;
}

interface Lack {
	readonly what: string;
	/** Whether the field is there, with another type. */
	readonly isThere: boolean;
}

/** Paths of `wanted` that `schema` would drop. A field of another type counts: no value of ours fits in there. */
function lackingFields(schema: Json, wanted: Readonly<Record<string, Schema>>, path: string): Lack[] {
	// Nothing is dropped there, and nothing checked but by the webhook.
	const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
	return Object.entries(wanted).flatMap(([field, part]) => {
		const found = propertyOf(schema, field);
		if (found === undefined) return isOpen ? [] : [{ what: `${path}.${field}`, isThere: false }];
		if (found['type'] !== part.type) return [{ what: `${path}.${field} as ${part.type}`, isThere: true }];
		return lackingFields(found, part.properties ?? {}, `${path}.${field}`);
	});
}

/** By the rule alone: ToolHive's own message is another one. */
function hasRules(schema: Json, wanted: Readonly<Record<string, Schema>>): boolean {
	return Object.entries(wanted).every(([field, part]) => {
		const found = propertyOf(schema, field) ?? {};
		const rules = found['x-kubernetes-validations'];
		const texts = Array.isArray(rules) ? rules.map((one) => (isObject(one) ? one['rule'] : undefined)) : [];
		const expected = part['x-kubernetes-validations'] ?? [];
		return expected.every(({ rule }) => texts.includes(rule)) && hasRules(found, part.properties ?? {});
	});
}
