import { expect } from 'chai';
import { describe, it } from 'mocha';
import { crdOf } from '../../../src/api/crd.ts';
import { KIND_LIST } from '../../../src/api/names.ts';
import type { Json } from '../../../src/api/types.ts';
import { checkCrds, crdName, phasesOf } from '../../../src/doctor/crds.ts';
import { contextOf, fixes, sentences } from './results.ts';

// biome-ignore lint/suspicious/noExplicitAny: a CRD is taken apart here
type Crd = any;

/** Parts that stand in one object at several places become several. */
const copyOf = (object: object): Crd => JSON.parse(JSON.stringify(object));

const ours = (): Record<string, Crd> =>
	Object.fromEntries(KIND_LIST.map((kind) => [crdName(kind), copyOf(crdOf(kind))]));

/** Our CRDs, after `spoil` had that of MCPServer and its schema of `spec` in v1beta1. */
const examined = async (spoil: (crd: Crd, spec: Crd, all: Record<string, Crd>) => void) => {
	const all = ours();
	const crd = all[crdName('MCPServer')];
	spoil(crd, crd.spec.versions[0].schema.openAPIV3Schema.properties.spec, all);
	return checkCrds(contextOf({ getCrd: async (name) => all[name] as Json | undefined }));
};

const NAME = 'mcpservers.toolhive.stacklok.dev';
const rows = [
	{
		it: 'a field of it that is missing is named',
		spoil: (_crd: Crd, spec: Crd) => {
			delete spec['x-kubernetes-preserve-unknown-fields'];
			delete spec.properties.replicas;
			delete spec.properties.sessionStorage.properties.passwordRef.properties.key;
		},
		says: `fail: ${NAME} v1beta1 lacks spec.replicas and spec.sessionStorage.passwordRef.key: the API server drops them`,
	},
	{
		it: 'a field of another type',
		spoil: (_crd: Crd, spec: Crd) => {
			spec.properties.replicas.type = 'string';
		},
		says: `fail: ${NAME} v1beta1 lacks spec.replicas as integer: the API server drops them`,
		fix: 'take this CRD of a ToolHive release, v0.13.0 or later: thv-scaling crds leaves a field that is there as it is',
	},
	{
		it: 'a field of another type beside one that is missing',
		spoil: (_crd: Crd, spec: Crd) => {
			delete spec['x-kubernetes-preserve-unknown-fields'];
			delete spec.properties.backendReplicas;
			spec.properties.replicas.type = 'string';
		},
		says: `fail: ${NAME} v1beta1 lacks spec.replicas as integer and spec.backendReplicas: the API server drops them`,
		fix: 'take this CRD of a ToolHive release, v0.13.0 or later: thv-scaling crds leaves a field that is there as it is',
	},
	{
		it: 'fields that are kept without being known are not dropped',
		spoil: (_crd: Crd, spec: Crd) => {
			delete spec.properties.replicas;
		},
		says: `ok: ${NAME} has the scaling fields (v1beta1, v1alpha1)`,
	},
	{
		it: 'a version that is not served may lack all of them',
		spoil: (crd: Crd, spec: Crd) => {
			crd.spec.versions[0].served = false;
			spec.properties = {};
		},
		says: `ok: ${NAME} has the scaling fields (v1alpha1)`,
	},
	{
		it: 'no version that we know',
		spoil: (crd: Crd) => {
			for (const version of crd.spec.versions) version.name = 'v2';
		},
		says: `fail: ${NAME} is served in neither v1beta1 nor v1alpha1`,
	},
	{
		it: 'without the rule',
		spoil: (_crd: Crd, spec: Crd) => {
			delete spec.properties.sessionStorage['x-kubernetes-validations'];
		},
		says: `warn: ${NAME} v1beta1 lacks the rule that redis needs an address; only the webhook asks for it`,
	},
	{
		it: 'with the rule in other words, and more rules, as ToolHive has it',
		spoil: (_crd: Crd, spec: Crd) => {
			const [rule] = spec.properties.sessionStorage['x-kubernetes-validations'];
			spec.properties.sessionStorage['x-kubernetes-validations'] = [
				{ rule: 'true', message: 'other' },
				{ ...rule, message: 'address is required' },
			];
		},
		says: `ok: ${NAME} has the scaling fields (v1beta1, v1alpha1)`,
	},
	{
		it: 'sessionStorage of another type',
		spoil: (_crd: Crd, spec: Crd) => {
			spec.properties.sessionStorage.type = 'string';
		},
		says: `fail: ${NAME} spec.sessionStorage is of type "string", not object; take the CRD of a ToolHive release`,
	},
	{
		it: 'not there',
		spoil: (_crd: Crd, _spec: Crd, all: Record<string, Crd>) => {
			delete all[NAME];
		},
		says: `fail: ${NAME} is not installed`,
	},
	{
		it: 'no CRD at all, but an object',
		spoil: (_crd: Crd, _spec: Crd, all: Record<string, Crd>) => {
			all[NAME] = {};
		},
		says: `fail: ${NAME} is served in neither v1beta1 nor v1alpha1`,
	},
];

describe('doctor: CRDs', () => {
	it('ours have everything', async () => {
		const said = await examined(() => {});
		expect(sentences(said)).to.deep.equal(
			KIND_LIST.map((kind) => `ok: ${crdName(kind)} has the scaling fields (v1beta1, v1alpha1)`),
		);
	});
	for (const row of rows) {
		it(row.it, async () => {
			const said = await examined(row.spoil);
			expect(sentences(said)[0]).to.equal(row.says);
			expect(said).to.have.length(3);
			if (row.says.includes('lacks'))
				expect(fixes(said)[0]).to.equal(
					row.fix ?? `kubectl get crd ${NAME} -o yaml | thv-scaling crds - | kubectl replace -f -`,
				);
		});
	}
	it('CRDs not installed › a failure only for MCPServer', async () => {
		const said = await checkCrds(contextOf({ getCrd: async () => undefined }));
		expect(said.map(({ status }) => status)).to.deep.equal(['fail', 'warn', 'warn']);
	});
	it('phasesOf › all phases if every version has an enum', () => {
		const version = (status: object) => ({ served: true, schema: { openAPIV3Schema: { properties: { status } } } });
		const phased = version({ properties: { phase: { enum: ['Pending', 'Ready'] } } });
		expect(phasesOf({ spec: { versions: [phased] } })).to.deep.equal(['Pending', 'Ready']);
		expect(phasesOf({ spec: { versions: [phased, version({})] } })).to.equal(undefined);
		expect(phasesOf({})).to.equal(undefined);
	});
});
