import { expect } from 'chai';
import { describe, it } from 'mocha';
import { crdOf } from '../../../src/api/crd.ts';
import { KIND_LIST } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { checkCrds, crdName } from '../../../src/doctor/crds.ts';
import { contextOf, reports } from './results.ts';

// biome-ignore lint/suspicious/noExplicitAny: a CRD is taken apart here
type Crd = any;

const NAME = crdName('MCPServer');

/** Returns the results after `fault` has changed the CRD for MCPServer, or the schema of its `spec` in v1beta1. */
const after = (fault: (spec: Crd, crd: Crd, all: Record<string, Crd>) => void) => () => {
	// The minimal CRDs share parts, so JSON creates independent copies.
	const all: Record<string, Crd> = JSON.parse(
		JSON.stringify(Object.fromEntries(KIND_LIST.map((kind) => [crdName(kind), crdOf(kind)]))),
	);
	fault(all[NAME].spec.versions[0].schema.openAPIV3Schema.properties.spec, all[NAME], all);
	return checkCrds(contextOf({ getCrd: async (name) => all[name] as Json | undefined }));
};

const OTHERS = KIND_LIST.slice(1).map((kind) => `ok: ${crdName(kind)} has the scaling fields (v1beta1, v1alpha1)`);
const HAS = `ok: ${NAME} has the scaling fields`;
const ADD = `kubectl get crd ${NAME} -o yaml | thv-scaling crds - | kubectl replace -f -`;
const RELEASE = 'use this CRD of a ToolHive release, v0.13.0 or later: …';
const lacks = (fields: string, fix: string): string => `fail: ${NAME} v1beta1 lacks ${fields}: … → ${fix}`;
const RULES = 'x-kubernetes-validations';
const KEEP = 'x-kubernetes-preserve-unknown-fields';

const FAULTS: readonly (readonly [title: string, fault: Parameters<typeof after>[0], line: string])[] = [
	['the minimal CRD', () => {}, `${HAS} (v1beta1, v1alpha1)`],
	[
		'missing fields',
		(spec) => {
			delete spec[KEEP];
			delete spec.properties.replicas;
			delete spec.properties.sessionStorage.properties.passwordRef.properties.key;
		},
		lacks('spec.replicas and spec.sessionStorage.passwordRef.key', ADD),
	],
	[
		'a field of another type beside one that is missing',
		(spec) => {
			delete spec[KEEP];
			delete spec.properties.backendReplicas;
			spec.properties.replicas.type = 'string';
		},
		lacks('spec.replicas as integer and spec.backendReplicas', RELEASE),
	],
	['unknown fields are preserved', (spec) => delete spec.properties.replicas, `${HAS} (v1beta1, v1alpha1)`],
	[
		'a version without fields that is not served',
		(spec, crd) => {
			crd.spec.versions[0].served = false;
			spec.properties = {};
		},
		`${HAS} (v1alpha1)`,
	],
	[
		'only an unknown version',
		(_spec, crd) => {
			for (const version of crd.spec.versions) version.name = 'v2';
		},
		`fail: ${NAME} is served in neither v1beta1 nor v1alpha1`,
	],
	['without the rule', (spec) => delete spec.properties.sessionStorage[RULES], `warn: … lacks the rule … → ${ADD}`],
	[
		'sessionStorage of another type',
		(spec) => Object.assign(spec.properties.sessionStorage, { type: 'string' }),
		`fail: … is of type "string", not object; … → ${RELEASE}`,
	],
	['not installed', (_spec, _crd, all) => delete all[NAME], `fail: ${NAME} is not installed`],
];

describe('doctor › CRDs', () => {
	for (const [title, fault, line] of FAULTS) reports(title, after(fault), [line, ...OTHERS]);

	it('none is installed › a failure only for MCPServer', async () => {
		const results = await checkCrds(contextOf({ getCrd: async () => undefined }));
		expect(results.map(({ status }) => status)).to.deep.equal(['fail', 'warn', 'warn']);
	});
});
