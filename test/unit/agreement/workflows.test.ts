/**
 * Tests .github/ and the release: the permissions and actions of the workflows, and their description in
 * CONTRIBUTING.md.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { KUBERNETES } from '../../../endurance/matrix/versions.ts';
import { between, codesOf, ROOT, read } from '../../harness/documents.ts';

type Text = Readonly<Record<string, string>>;
type Step = Partial<Readonly<Record<'if' | 'uses' | 'run', string>>> & {
	readonly with?: Readonly<Record<string, unknown>>;
};
interface Job extends Partial<Readonly<Record<'if' | 'uses' | 'environment', string>>> {
	readonly needs?: string | readonly string[];
	readonly permissions?: Text;
	readonly 'timeout-minutes'?: number;
	readonly strategy?: {
		readonly matrix: { readonly node?: string[]; readonly kubernetes?: string[]; readonly include?: Text[] };
	};
	readonly steps?: readonly Step[];
}
interface Workflow {
	readonly on: Readonly<Record<string, object | null>>;
	readonly permissions: Text;
	readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const files = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const workflowOf = (file: string): Workflow => parse(read(file)) as Workflow;
const ci = workflowOf(`${FOLDER}/ci.yaml`);
const release = workflowOf(`${FOLDER}/release.yaml`);
const makefile = read('Makefile');
const contributing = read('CONTRIBUTING.md').replaceAll(/\s+/g, ' ');

/** Whether the job, and every job that it needs, also runs for pull requests. */
function runsForPullRequests({ jobs }: Pick<Workflow, 'jobs'>, name: string): boolean {
	const { if: condition = '', needs = [] } = jobs[name] as Job;
	return (
		!condition.includes("event_name == 'push'") && [needs].flat().every((one) => runsForPullRequests({ jobs }, one))
	);
}

for (const file of files) {
	const workflow = workflowOf(file);
	const jobs = Object.entries(workflow.jobs);
	const steps = jobs.flatMap(([, { steps: all = [] }]) => all);

	it(`${file} › permissions › read, except for jobs in the environment release, which pull requests cannot start`, () => {
		expect(workflow.permissions).to.deep.equal({ contents: 'read' });
		for (const [name, { permissions = {}, environment }] of jobs) {
			if (!Object.values(permissions).includes('write')) continue;
			expect(runsForPullRequests(workflow, name), name).to.equal(false);
			expect(environment, name).to.equal('release');
		}
		expect(read(file)).to.not.match(/pull_request_target|workflow_run|secrets[.:]/);
	});
	it(`${file} › steps › no expression in a script, no token left in the checkout, and a time limit`, () => {
		// A branch name may contain `$(…)`, so scripts must not contain expressions that insert it.
		for (const { run = '' } of steps) expect(run).to.not.include('${{');
		const own = jobs.filter(([, { uses }]) => uses === undefined);
		const checkouts = steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
		expect(checkouts).to.have.length(own.length);
		for (const { with: given } of checkouts) expect(given?.['persist-credentials']).to.equal(false);
		for (const [name, { 'timeout-minutes': minutes }] of own) expect(minutes, name).to.be.within(1, 120);
	});
	it(`${file} › make › targets and variables that the Makefile documents`, () => {
		const calls = steps.flatMap(({ run = '' }) => [...run.matchAll(/\bmake ([a-z0-9-]+)((?: [A-Z_]+=\S+)*)/g)]);
		expect(calls).to.not.have.length(0);
		for (const [, target = '', given = ''] of calls) {
			const [, help = ''] = new RegExp(`^${target}:.*## (.*)$`, 'm').exec(makefile) ?? [];
			expect(help, target).to.not.equal('');
			for (const [, variable] of given.matchAll(/ ([A-Z_]+)=/g)) expect(help, target).to.include(`${variable}=`);
		}
	});
}

describe('.github', () => {
	const { updates } = parse(read('.github/dependabot.yml')) as { updates: Record<string, unknown>[] };
	const filesNamed = (name: string): string[] =>
		['test', 'endurance'].flatMap((folder) => {
			const found = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
			return found.flatMap((file) => (basename(file) === name ? [`${folder}/${file}`] : []));
		});

	it('actions › pinned by commit, with the same version everywhere; local actions exist', () => {
		const places = [...files, '.github/actions/prepare/action.yml', 'action.yml'];
		const used = places.flatMap((file) =>
			[...read(file).matchAll(/^\s*(?:- )?uses: (\S+.*)$/gm)].map(([, use = '']) => use),
		);
		const pins = new Set(used.filter((use) => !use.startsWith('./')));
		for (const pin of pins) expect(pin).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
		expect(new Set([...pins].map((pin) => pin.split('@')[0])).size)
			.to.equal(pins.size)
			.and.to.be.above(2);
		for (const use of used) if (use.startsWith('./')) expect(existsSync(join(ROOT, use)), use).to.equal(true);
	});
	it('dependabot › each package.json, each go.mod, and the programs that it names', () => {
		const known = updates.flatMap((one) => (one['package-ecosystem'] === 'npm' ? [one['directory']] : []));
		expect(known).to.have.members(['/', ...filesNamed('package.json').map((file) => `/${dirname(file)}`)]);
		const go = updates.find((one) => one['package-ecosystem'] === 'gomod') as {
			readonly directories: string[];
			readonly allow: { 'dependency-name': string }[];
		};
		const modules = filesNamed('go.mod');
		expect(go.directories.map((folder) => `${folder.slice(1)}/go.mod`)).to.have.members(modules);
		const allowed = go.allow.map((one) => one['dependency-name']);
		for (const text of modules.map(read)) {
			for (const [, tool = ''] of text.matchAll(/^(?:tool |\t)([\w./-]+)$/gm))
				expect(
					allowed.some((name) => tool.startsWith(name)),
					tool,
				).to.equal(true);
			expect(allowed.filter((name) => text.includes(`\t${name} v`))).not.to.have.length(0);
		}
	});
});

describe('ci.yaml', () => {
	it('Node › the oldest version in package.json, the version in the image, and those in CONTRIBUTING.md', () => {
		const nodes = ci.jobs['unit']?.strategy?.matrix.node ?? [];
		expect(`>=${nodes[0]}`).to.equal(JSON.parse(read('package.json')).engines.node);
		const [, ofImage] = /^ARG NODE_IMAGE=node:(\d+)-/m.exec(read('Dockerfile')) ?? [];
		expect(nodes).to.include(ofImage);
		expect(contributing).to.include(`Node ${nodes.slice(0, -1).join(', ')} and ${nodes.at(-1)}`);
	});
	it('Kubernetes › every version in CONTRIBUTING.md, each with the digest of its node image', () => {
		const clusters = ci.jobs['e2e']?.strategy?.matrix.include ?? [];
		for (const { kubernetes, image } of clusters)
			expect(image).to.match(new RegExp(`^kindest/node:v${kubernetes}\\.\\d+@sha256:[0-9a-f]{64}$`));
		const minors = clusters.map(({ kubernetes = '' }) => Number(kubernetes.replace('1.', '')));
		expect(minors).to.deep.equal([...minors.keys()].map((index) => (minors[0] ?? 0) + index));
		expect(contributing).to.include(`Kubernetes 1.${minors[0]} to 1.${minors.at(-1)}`);
	});
	it('matrix › every Kubernetes version in make matrix › tested once a week', () => {
		expect(ci.jobs['matrix']?.strategy?.matrix.kubernetes).to.deep.equal(Object.keys(KUBERNETES));
		expect(ci.on).to.have.property('schedule');
	});
	it('make › the commands that CONTRIBUTING.md lists, on every run except for the weekly jobs', () => {
		const weekly = ['matrix', 'endurance'];
		const calls = Object.entries(ci.jobs).map(([name, { if: condition, steps = [] }]) => {
			expect(condition, name).to.equal(weekly.includes(name) ? "github.event_name == 'schedule'" : undefined);
			const made = steps.filter((step) => step.if === undefined).map(({ run = '' }) => run);
			return [name, made.flatMap((run) => /(?:^|&& )make ([\w-]+)/.exec(run)?.[1] ?? [])] as const;
		});
		expect(Object.fromEntries(calls)).to.deep.equal({
			check: ['check', 'release-check'],
			audit: ['audit'],
			unit: ['unit'],
			test: ['test'],
			package: ['test-package'],
			e2e: ['e2e'],
			beside: ['e2e-operator', 'e2e-cert-manager', 'test-monitoring'],
			matrix: ['matrix'],
			smoke: ['chaos', 'soak'],
			endurance: ['soak', 'chaos', 'fuzz', 'bench-hostile'],
		});
		const targets = calls.flatMap(([, all]) => all).filter((target) => !/^(check|release-check|test)$/.test(target));
		const listed = codesOf(between(read('CONTRIBUTING.md'), '## Continuous integration', '## '));
		expect(listed).to.include.members(targets.map((target) => `make ${target}`));
	});
});

describe('release.yaml', () => {
	const stepsOf = (job: string): readonly Step[] => release.jobs[job]?.steps ?? [];
	/** Returns the inputs of the attestations that the job makes on every run. */
	const attested = (job: string): unknown[] =>
		stepsOf(job).flatMap(({ if: condition, uses = '', with: given }) =>
			condition === undefined && uses.startsWith('actions/attest-build-provenance@') ? [given] : [],
		);

	it('publishing › for a version tag, after verify and all of ci.yaml, without a cache', () => {
		expect(release.on['push']).to.deep.equal({ tags: ['v*'] });
		const earlier = (name: string): string[] =>
			[release.jobs[name]?.needs ?? []].flat().flatMap((needed) => [needed, ...earlier(needed)]);
		for (const [name, { permissions, environment, steps = [] }] of Object.entries(release.jobs)) {
			if (permissions !== undefined) expect(earlier(name), name).to.include.members(['ci', 'verify']);
			// A pull request may have written to the cache.
			if (environment !== undefined) expect(steps.map(({ uses }) => uses).join()).to.not.match(/prepare|cache/);
		}
		expect(release.jobs['ci']?.uses).to.equal(`./${FOLDER}/ci.yaml`);
		expect(ci.on).to.have.property('workflow_call');
	});
	it('image, files and npm package › SBOM, provenance and attestations', () => {
		const [, recipe = ''] = /^release-image:.*\n((?:\t.*\n)+)/m.exec(makefile) ?? [];
		expect(recipe.split(/\s+/)).to.include.members(['--sbom=true', '--provenance=mode=max']);
		expect(stepsOf('image').map(({ run = '' }) => run.split('\n')[0])).to.include('make release-image PUSH=1');
		const digest = `\${{ steps.image.outputs.digest }}`;
		const image = 'ghcr.io/toolhive-scaling/toolhive-scaling';
		const expected = { 'subject-name': image, 'subject-digest': digest, 'push-to-registry': true };
		expect(attested('image')).to.deep.equal([expected]);
		expect(attested('files')).to.deep.equal([{ 'subject-checksums': 'release/SHA256SUMS' }]);
		const published = stepsOf('npm').flatMap(({ run = '' }) => run.match(/^npm publish .*$/gm) ?? []);
		expect(published).to.have.length(1);
		expect(published[0]?.split(' ')).to.include('--provenance');
	});
	it('the image › is built › runs no install script of a package', () => {
		const installs =
			read('Dockerfile')
				.replaceAll(/^#.*$/gm, '')
				.match(/\bnpm (?:ci|i|install)\b[^&|;\n]*/g) ?? [];
		expect(installs).to.have.length.above(0);
		for (const install of installs) expect(install.split(/\s+/), install).to.include('--ignore-scripts');
	});
});
