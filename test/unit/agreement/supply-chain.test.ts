/** What lets users trust a release: attestations of what is published, and no scripts of other people where it is made. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { read } from '../../harness/documents.ts';

interface Step {
	readonly if?: string;
	readonly uses?: string;
	readonly run?: string;
	readonly with?: Readonly<Record<string, unknown>>;
}

const { jobs } = parse(read('.github/workflows/release.yaml')) as { jobs: Record<string, { steps?: Step[] }> };
const stepsOf = (job: string): Step[] => jobs[job]?.steps ?? [];
/** What the job attests, where it always does; empty where it does not. */
const attested = (job: string): object[] =>
	stepsOf(job).flatMap(({ if: sometimes, uses = '', with: given }) =>
		sometimes === undefined && uses.startsWith('actions/attest-build-provenance@') ? [given ?? {}] : [],
	);

describe('supply chain', () => {
	it('the image is built with SBOM and full provenance', () => {
		const [, recipe = ''] = /^release-image:.*\n((?:\t.*\n)+)/m.exec(read('Makefile')) ?? [];
		expect(recipe.split(/\s+/)).to.include.members(['--sbom=true', '--provenance=mode=max']);
		expect(stepsOf('image').map(({ run = '' }) => run.split('\n')[0])).to.include('make release-image PUSH=1');
	});
	it('image and files are attested', () => {
		expect(attested('image')).to.deep.equal([
			{
				'subject-name': 'ghcr.io/toolhive-scaling/toolhive-scaling',
				'subject-digest': `\${{ steps.image.outputs.digest }}`,
				'push-to-registry': true,
			},
		]);
		expect(attested('files')).to.deep.equal([{ 'subject-checksums': 'release/SHA256SUMS' }]);
	});
	it('the npm package is published with provenance', () => {
		const published = stepsOf('npm').flatMap(({ run = '' }) => run.match(/^npm publish .*$/gm) ?? []);
		expect(published).to.have.length(1);
		expect(published[0]?.split(' ')).to.include('--provenance');
	});
	it('no install script of a package runs where the image is made', () => {
		const dockerfile = read('Dockerfile').replaceAll(/^#.*$/gm, '');
		const installs = dockerfile.match(/\bnpm (?:ci|i|install)\b[^&|;\n]*/g) ?? [];
		expect(installs).to.have.length.above(0);
		for (const install of installs) expect(install.split(/\s+/), install).to.include('--ignore-scripts');
	});
});
