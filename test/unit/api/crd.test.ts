import { expect } from 'chai';
import { crdOf } from '../../../src/api/crd.ts';
import type { Kind } from '../../../src/api/names.ts';
import { SCALING_FIELDS, type Schema } from '../../../src/api/schema.ts';

interface Version {
	name: string;
	served: boolean;
	storage: boolean;
	subresources: object;
	additionalPrinterColumns: { name: string; jsonPath: string }[];
	schema: { openAPIV3Schema: Schema };
}
interface Crd {
	metadata: { name: string };
	spec: { group: string; scope: string; names: Record<string, unknown>; versions: Version[] };
}

const NAMES: { kind: Kind; plural: string; shortNames: string[]; fields: string[] }[] = [
	{
		kind: 'MCPServer',
		plural: 'mcpservers',
		shortNames: ['mcpserver', 'mcpservers'],
		fields: ['replicas', 'backendReplicas', 'sessionStorage'],
	},
	{
		kind: 'VirtualMCPServer',
		plural: 'virtualmcpservers',
		shortNames: ['vmcp', 'virtualmcp'],
		fields: ['replicas', 'sessionStorage'],
	},
	{
		kind: 'MCPRemoteProxy',
		plural: 'mcpremoteproxies',
		shortNames: ['rp', 'mcprp'],
		fields: ['replicas', 'sessionStorage'],
	},
];

for (const { kind, plural, shortNames, fields } of NAMES) {
	describe(`CRD of ${kind}`, () => {
		const crd = crdOf(kind) as Crd;
		const { versions } = crd.spec;
		const specOf = (version: Version): Schema => version.schema.openAPIV3Schema.properties?.['spec'] as Schema;

		it(`is called ${plural}.toolhive.stacklok.dev`, () => {
			expect(crd.metadata.name).to.equal(`${plural}.toolhive.stacklok.dev`);
			expect(crd.spec.group).to.equal('toolhive.stacklok.dev');
			expect(crd.spec.scope).to.equal('Namespaced');
			expect(crd.spec.names).to.deep.include({ kind, plural, shortNames });
		});
		it('serves v1alpha1 and v1beta1, and stores one of them', () => {
			expect(versions.map(({ name }) => name)).to.have.members(['v1alpha1', 'v1beta1']);
			expect(versions.every(({ served }) => served)).to.equal(true);
			expect(versions.filter(({ storage }) => storage)).to.have.length(1);
		});
		for (const version of versions) {
			it(`${version.name}: types the scaling fields, all optional`, () => {
				const spec = specOf(version);
				for (const field of fields) expect(spec.properties?.[field]).to.equal(SCALING_FIELDS[kind][field]);
				for (const field of fields) expect(spec.required ?? []).to.not.include(field);
				const others = ['replicas', 'backendReplicas', 'sessionStorage'].filter((field) => !fields.includes(field));
				expect(spec.properties ?? {}).to.not.have.any.keys('', ...others);
			});
			it(`${version.name}: keeps the rest of spec and status`, () => {
				const status = version.schema.openAPIV3Schema.properties?.['status'];
				expect(specOf(version)['x-kubernetes-preserve-unknown-fields']).to.equal(true);
				expect(status?.['x-kubernetes-preserve-unknown-fields']).to.equal(true);
				expect(version.subresources).to.deep.equal({ status: {} });
			});
			it(`${version.name}: has printer columns`, () => {
				const paths = version.additionalPrinterColumns.map(({ jsonPath }) => jsonPath);
				expect(paths).to.include.members(['.spec.replicas', '.status.phase', '.metadata.creationTimestamp']);
			});
		}
	});
}

describe('CRD of MCPServer', () => {
	const [version] = (crdOf('MCPServer') as Crd).spec.versions;
	const spec = version?.schema.openAPIV3Schema.properties?.['spec'];
	it('defaults transport to stdio, of the three there are', () => {
		const transport = spec?.properties?.['transport'];
		expect(transport?.enum).to.have.members(['stdio', 'streamable-http', 'sse']);
		expect(transport?.default).to.equal('stdio');
	});
	it('requires image', () => {
		expect(spec?.required).to.deep.equal(['image']);
		expect(version?.schema.openAPIV3Schema.required).to.deep.equal(['spec']);
	});
});
