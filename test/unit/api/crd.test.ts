import { expect } from 'chai';
import { crdOf } from '../../../src/api/crd.ts';
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
	spec: { group: string; scope: string; names: object; versions: Version[] };
}

for (const [kind, plural, shortNames, fields] of [
	['MCPServer', 'mcpservers', ['mcpserver', 'mcpservers'], ['replicas', 'backendReplicas', 'sessionStorage']],
	['VirtualMCPServer', 'virtualmcpservers', ['vmcp', 'virtualmcp'], ['replicas', 'sessionStorage']],
	['MCPRemoteProxy', 'mcpremoteproxies', ['rp', 'mcprp'], ['replicas', 'sessionStorage']],
] as const) {
	describe(`CRD of ${kind}`, () => {
		const { metadata, spec: crd } = crdOf(kind) as Crd;
		it(`names › ${plural}.toolhive.stacklok.dev`, () => {
			expect(metadata.name).to.equal(`${plural}.toolhive.stacklok.dev`);
			expect(crd).to.include({ group: 'toolhive.stacklok.dev', scope: 'Namespaced' });
			expect(crd.names).to.deep.include({ kind, plural, shortNames });
		});
		it('versions › v1beta1 and v1alpha1 are served, one is stored', () => {
			expect(crd.versions.map(({ name, served }) => [name, served])).to.have.deep.members([
				['v1alpha1', true],
				['v1beta1', true],
			]);
			expect(crd.versions.filter(({ storage }) => storage)).to.have.length(1);
		});
		for (const { name, schema, subresources, additionalPrinterColumns } of crd.versions) {
			const { spec, status } = schema.openAPIV3Schema.properties ?? {};
			it(`${name} › scaling fields are typed and optional`, () => {
				const typed = Object.entries(spec?.properties ?? {}).filter(
					([field]) => !['image', 'transport'].includes(field),
				);
				expect(typed).to.deep.equal(fields.map((field) => [field, SCALING_FIELDS[kind][field]]));
				expect(spec?.required ?? []).to.not.include.members([...fields]);
			});
			it(`${name} › other fields of spec and status are preserved`, () => {
				for (const part of [spec, status]) expect(part).to.include({ 'x-kubernetes-preserve-unknown-fields': true });
				expect(subresources).to.deep.equal({ status: {} });
			});
			it(`${name} › printer columns`, () => {
				const paths = additionalPrinterColumns.map(({ jsonPath }) => jsonPath);
				expect(paths).to.include.members(['.spec.replicas', '.status.phase', '.metadata.creationTimestamp']);
			});
		}
	});
}

describe('CRD of MCPServer › spec', () => {
	const root = (crdOf('MCPServer') as Crd).spec.versions[0]?.schema.openAPIV3Schema;
	const spec = root?.properties?.['spec'];
	it('transport › one of three, by default stdio', () => {
		const transport = { type: 'string', enum: ['stdio', 'streamable-http', 'sse'], default: 'stdio' };
		expect(spec?.properties?.['transport']).to.deep.include(transport);
	});
	it('image › required', () => {
		expect(spec?.required).to.deep.equal(['image']);
		expect(root?.required).to.deep.equal(['spec']);
	});
});
