/** Tests `thv-scaling crds` with ToolHive's own CRDs: unchanged, and with the scaling fields removed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isMap, type Pair, parse, parseDocument } from 'yaml';
import { startProgram } from '../../test/harness/program.ts';
import { OPERATORS } from '../matrix/versions.ts';
import { findCrdFolder, STAND_IN_VERSION } from './build.ts';

const FIELDS = ['replicas', 'backendReplicas', 'sessionStorage'];
const ADDED: Readonly<Record<string, string>> = {
	mcpservers: 'spec.replicas, spec.backendReplicas, spec.sessionStorage',
	virtualmcpservers: 'spec.replicas, spec.sessionStorage',
	mcpremoteproxies: 'spec.replicas, spec.sessionStorage',
};
const SPEC = ['schema', 'openAPIV3Schema', 'properties', 'spec', 'properties'];

const crds = (input: string) => startProgram(['crds', '-'], {}, { stdin: input }).ended;

for (const version of OPERATORS.filter((one) => one !== STAND_IN_VERSION))
	describe(`the CRDs of ToolHive ${version}`, function () {
		this.timeout(120_000);
		let folder = '';
		before('CRDs', async () => {
			folder = await findCrdFolder(process.env, version);
		});

		for (const [plural, added] of Object.entries(ADDED)) {
			const read = (): string => readFileSync(join(folder, `toolhive.stacklok.dev_${plural}.yaml`), 'utf8');

			it(`${plural} › the CRD has the fields › it is unchanged`, async () => {
				expect(await crds(read())).to.deep.equal({ code: 0, stdout: read(), stderr: '' });
			});

			it(`${plural} › the fields are missing › their lines are added, and the rest is unchanged`, async () => {
				const bare = withoutFields(read());
				expect(bare.split('\n').length).to.be.below(read().split('\n').length);
				const { code, stdout, stderr } = await crds(bare);
				const notes = ['v1alpha1', 'v1beta1'].map((one) => `${plural}.toolhive.stacklok.dev ${one}: added ${added}\n`);
				expect([code, stderr]).to.deep.equal([0, notes.join('')]);
				expect(withoutFields(stdout)).to.equal(bare);
				expect(fieldsOf(stdout)).to.deep.equal(fieldsOf(read()));
			});
		}
	});

const fieldsOf = (text: string): readonly string[] =>
	Object.keys(SPEC.reduce((value, key) => value[key], parse(text).spec.versions[0]));

/** Returns `text` without the lines of the scaling fields. */
function withoutFields(text: string): string {
	const document = parseDocument(text);
	const cuts = [0, 1].flatMap((version) => {
		const properties = document.getIn(['spec', 'versions', version, ...SPEC]);
		if (!isMap(properties)) throw new Error('the CRD has an unknown structure');
		const starts = properties.items.map((pair) => startOf(pair, text));
		return properties.items.flatMap(({ key }, index) =>
			FIELDS.includes(String(key)) ? [{ from: starts[index] ?? 0, to: starts[index + 1] ?? 0 }] : [],
		);
	});
	return cuts.toReversed().reduce((rest, { from, to }) => rest.slice(0, from) + rest.slice(to), text);
}

/** Returns the offset of the line that contains the key. */
const startOf = ({ key }: Pair, text: string): number =>
	text.lastIndexOf('\n', (key as { range: readonly number[] }).range[0]) + 1;
