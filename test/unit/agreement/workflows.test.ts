/** Tests .github/ and action.yml: the permissions and actions of the workflows. test/e2e/agreement runs actionlint. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { KUBERNETES } from '../../../endurance/matrix/versions.ts';
import { ROOT, read } from '../../harness/documents.ts';

interface Job extends Partial<Readonly<Record<'if' | 'uses' | 'environment', string>>> {
	readonly needs?: string | readonly string[];
	readonly permissions?: Readonly<Record<string, string>>;
	readonly strategy?: { readonly matrix: Readonly<Record<'node' | 'kubernetes', string[]>> };
	readonly steps?: readonly Partial<Readonly<Record<'uses' | 'run', string> & { with: Record<string, unknown> }>>[];
}
interface Workflow {
	readonly on: Readonly<Record<string, unknown>>;
	readonly permissions: Readonly<Record<string, string>>;
	readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const files = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const workflowOf = (file: string): Workflow => parse(read(file)) as Workflow;
const ci = workflowOf(`${FOLDER}/ci.yaml`);
const release = workflowOf(`${FOLDER}/release.yaml`);

for (const file of files) {
	const { permissions: usual, jobs } = workflowOf(file);
	const all = Object.entries(jobs);
	const steps = all.flatMap(([, { steps: own = [] }]) => own);

	it(`${file} › permissions › read, except for jobs in the environment release`, () => {
		expect(usual).to.deep.equal({ contents: 'read' });
		for (const [name, { permissions = {}, environment }] of all)
			if (Object.values(permissions).includes('write')) expect(environment, name).to.equal('release');
		expect(read(file)).to.not.match(/pull_request_target|workflow_run|secrets[.:]/);
	});
	it(`${file} › steps › no expression in a script, and no token left in the checkout`, () => {
		// A branch name may contain `$(…)`, so scripts must not contain expressions that insert it.
		for (const { run = '' } of steps) expect(run).to.not.include('${{');
		for (const { uses = '', with: given } of steps)
			if (uses.startsWith('actions/checkout@')) expect(given?.['persist-credentials']).to.equal(false);
	});
}

it('actions › pinned by commit, with the same version everywhere', () => {
	const places = [...files, '.github/actions/prepare/action.yml', 'action.yml'];
	const used = places.flatMap((file) => [...read(file).matchAll(/^\s*(?:- )?uses: ([^.\n].*)$/gm)]);
	const pins = new Set(used.map(([, use = '']) => use));
	for (const pin of pins) expect(pin).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
	expect(new Set([...pins].map((pin) => pin.split('@')[0])).size).to.equal(pins.size);
});
it('ci.yaml › the oldest Node in package.json, the Node of the image, and every Kubernetes version in make matrix', () => {
	const { node = [] } = ci.jobs['unit']?.strategy?.matrix ?? {};
	expect(`>=${node[0]}`).to.equal(JSON.parse(read('package.json')).engines.node);
	expect(node).to.include(/^ARG NODE_IMAGE=node:(\d+)-/m.exec(read('Dockerfile'))?.[1]);
	expect(ci.jobs['matrix']?.strategy?.matrix.kubernetes).to.deep.equal(Object.keys(KUBERNETES));
});
it('release.yaml › publishes for a version tag, after verify and all of ci.yaml, without a cache', () => {
	expect(release.on['push']).to.deep.equal({ tags: ['v*'] });
	expect(release.jobs['verify']?.if).to.equal("github.event_name == 'push'");
	expect(release.jobs['ci']?.uses).to.equal(`./${FOLDER}/ci.yaml`);
	const earlier = (name: string): string[] =>
		[release.jobs[name]?.needs ?? []].flat().flatMap((needed) => [needed, ...earlier(needed)]);
	for (const [name, { environment, steps = [] }] of Object.entries(release.jobs)) {
		if (environment === undefined) continue;
		expect(earlier(name), name).to.include.members(['ci', 'verify']);
		// A pull request may have written to the cache.
		expect(steps.map(({ uses }) => uses).join()).to.not.match(/prepare|cache/);
	}
});
