/** .github/: what the workflows may, what they call, and what the documents say of them. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { between, codesOf, ROOT, read } from '../../harness/documents.ts';

interface Step {
	readonly if?: string;
	readonly uses?: string;
	readonly run?: string;
	readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
	readonly if?: string;
	readonly needs?: string | readonly string[];
	readonly uses?: string;
	readonly permissions?: Readonly<Record<string, string>>;
	readonly environment?: string;
	readonly 'timeout-minutes'?: number;
	readonly strategy?: { readonly matrix: { readonly node?: string[]; readonly include?: Record<string, string>[] } };
	readonly steps?: readonly Step[];
}

interface Workflow {
	readonly on: Readonly<Record<string, { readonly branches?: string[]; readonly tags?: string[] } | null>>;
	readonly permissions: Readonly<Record<string, string>>;
	readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const files = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const workflowOf = (file: string): Workflow => parse(read(file)) as Workflow;
const ci = workflowOf(`${FOLDER}/ci.yaml`);
const release = workflowOf(`${FOLDER}/release.yaml`);
/** Below test/ and endurance/, where programs of others are built. */
const filesNamed = (name: string): string[] =>
	['test', 'endurance'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
			.filter((file) => basename(file) === name)
			.map((file) => `${folder}/${file}`),
	);
const makefile = read('Makefile');
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
const contributingText = read('CONTRIBUTING.md');
/** Without its line breaks. */
const contributing = contributingText.replaceAll(/\s+/g, ' ');

/** Jobs that run for a pull request: those whose chain of `needs` begins with no other condition than that. */
const runsForPullRequests = ({ jobs }: Workflow, name: string): boolean => {
	const { if: condition = '', needs = [] } = jobs[name] as Job;
	if (condition.includes("event_name == 'push'")) return false;
	return [needs].flat().every((needed) => runsForPullRequests({ jobs } as Workflow, needed));
};

for (const file of files) {
	describe(file, () => {
		const text = read(file);
		const workflow = workflowOf(file);
		const jobs = Object.entries(workflow.jobs);
		const steps = jobs.flatMap(([, { steps: all = [] }]) => all);

		it('may only read, but for jobs that no pull request reaches and that wait for the environment `release`', () => {
			expect(workflow.permissions).to.deep.equal({ contents: 'read' });
			for (const [name, { permissions = {}, environment }] of jobs) {
				if (!Object.values(permissions).includes('write')) continue;
				expect(runsForPullRequests(workflow, name), name).to.equal(false);
				expect(environment, name).to.equal('release');
			}
		});
		it('never runs with our rights what a fork sends, and knows no secret', () => {
			expect(text).to.not.match(/pull_request_target|workflow_run|secrets[.:]/);
		});
		it('puts no expression into a script: a branch may be called `$(…)`', () => {
			for (const { run = '' } of steps) expect(run).to.not.include('${{');
		});
		it('leaves no token behind for the scripts of packages', () => {
			const checkouts = steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
			expect(checkouts).to.have.length(jobs.filter(([, { uses }]) => uses === undefined).length);
			for (const { with: given } of checkouts) expect(given?.['persist-credentials']).to.equal(false);
		});
		it('ends each job after a time', () => {
			for (const [name, { uses, 'timeout-minutes': minutes }] of jobs) {
				if (uses === undefined) expect(minutes, name).to.be.within(1, 120);
			}
		});
		it('calls only commands and variables that the Makefile has', () => {
			const calls = steps.flatMap(({ run = '' }) => [...run.matchAll(/\bmake ([a-z0-9-]+)((?: [A-Z_]+=\S+)*)/g)]);
			expect(calls).to.not.have.length(0);
			for (const [, target = '', given = ''] of calls) {
				const [, help = ''] = new RegExp(`^${target}:.*## (.*)$`, 'm').exec(makefile) ?? [];
				expect(help, target).to.not.equal('');
				for (const [, variable] of given.matchAll(/ ([A-Z_]+)=/g)) expect(help, target).to.include(`${variable}=`);
			}
		});
	});
}

describe('.github/', () => {
	const composite = '.github/actions/prepare/action.yml';
	const used = [...files, composite, 'action.yml'].flatMap((file) =>
		[...read(file).matchAll(/^\s*(?:- )?uses: (\S+)(?: # (\S+))?$/gm)].map(([, action = '', version]) => ({
			action,
			version,
		})),
	);
	const isOurs = ({ action }: { readonly action: string }): boolean => action.startsWith('./');

	it('pins every action of others by commit, with its version beside it, the same everywhere', () => {
		const others = used.filter((one) => !isOurs(one));
		expect(others).to.have.length.above(10);
		for (const { action, version } of others) {
			expect(action).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
			expect(version, action).to.match(/^v\d+\.\d+\.\d+$/);
		}
		const pins = [...new Set(others.map(({ action, version }) => `${action} ${version}`))];
		expect(new Set(pins.map((pin) => pin.split('@')[0])).size, pins.join()).to.equal(pins.length);
	});
	it('names only files of its own that are there', () => {
		for (const { action } of used.filter(isOurs)) expect(existsSync(join(ROOT, action)), action).to.equal(true);
	});
	it('dependabot knows every package.json', () => {
		const { updates } = parse(read('.github/dependabot.yml')) as { updates: Record<string, unknown>[] };
		const known = updates.flatMap((one) => (one['package-ecosystem'] === 'npm' ? [one['directory']] : []));
		const folders = filesNamed('package.json').map((file) => `/${dirname(file)}`);
		expect(known).to.have.members(['/', ...folders]);
	});
	it('dependabot knows every go.mod, and the programs it names', () => {
		const { updates } = parse(read('.github/dependabot.yml')) as { updates: Record<string, unknown>[] };
		const go = updates.find((one) => one['package-ecosystem'] === 'gomod') as {
			directories: string[];
			allow: { 'dependency-name': string }[];
		};
		const modules = filesNamed('go.mod');
		expect(go.directories.map((folder) => `${folder.slice(1)}/go.mod`)).to.have.members(modules);
		const allowed = go.allow.map((one) => one['dependency-name']);
		const tools = modules.flatMap((file) =>
			[...read(file).matchAll(/^(?:tool |\t)([\w./-]+)$/gm)].map(([, tool = '']) => tool),
		);
		expect(tools.filter((tool) => !allowed.some((name) => tool.startsWith(name)))).to.deep.equal([]);
		for (const file of modules)
			expect(
				allowed.some((name) => read(file).includes(`\t${name} v`)),
				file,
			).to.equal(true);
	});
});

describe('ci.yaml', () => {
	const nodes = ci.jobs['package']?.strategy?.matrix.node ?? [];
	const clusters = ci.jobs['e2e']?.strategy?.matrix.include ?? [];

	it('tries the oldest Node that package.json allows, the one of the image, and what CONTRIBUTING.md says', () => {
		expect(`>=${nodes[0]}`).to.equal(engines.node);
		const [, ofImage] = /^ARG NODE_IMAGE=node:(\d+)-/m.exec(read('Dockerfile')) ?? [];
		expect(nodes).to.include(ofImage);
		expect(contributing).to.include(`Node ${nodes.slice(0, -1).join(', ')} and ${nodes.at(-1)}`);
	});
	it('tries the Kubernetes that CONTRIBUTING.md says, each on a node image of that version, by digest', () => {
		for (const { kubernetes, image } of clusters) {
			expect(image).to.match(new RegExp(`^kindest/node:v${kubernetes}\\.\\d+@sha256:[0-9a-f]{64}$`));
		}
		const minors = clusters.map(({ kubernetes = '' }) => Number(kubernetes.replace('1.', '')));
		expect(minors).to.deep.equal([...minors.keys()].map((index) => (minors[0] ?? 0) + index));
		expect(contributing).to.include(`Kubernetes 1.${minors[0]} to 1.${minors.at(-1)}`);
	});
	it('calls what CONTRIBUTING.md says, and none of it only sometimes', () => {
		const calls = Object.entries(ci.jobs).map(([name, { if: condition, steps = [] }]): [string, string[]] => {
			expect(condition, name).to.equal(undefined);
			const made = steps.filter(({ if: sometimes }) => sometimes === undefined).map(({ run = '' }) => run);
			return [name, made.flatMap((run) => /^make ([\w-]+)/.exec(run)?.[1] ?? [])];
		});
		expect(Object.fromEntries(calls)).to.deep.equal({
			check: ['check', 'release-check'],
			audit: ['audit'],
			test: ['test'],
			package: ['test-package'],
			e2e: ['e2e'],
			beside: ['e2e-operator', 'e2e-cert-manager', 'test-monitoring'],
			endurance: ['soak', 'chaos', 'fuzz'],
		});
		const section = between(contributingText, '## Continuous integration', '## ');
		for (const target of calls.flatMap(([, targets]) => targets))
			if (!['check', 'release-check', 'test'].includes(target)) expect(codesOf(section)).to.include(`make ${target}`);
	});
});

describe('release.yaml', () => {
	it('publishes for a tag of a version, only after the check of it and all of ci.yaml, and out of no cache', () => {
		expect(release.on['push']).to.deep.equal({ tags: ['v*'] });
		const earlier = (name: string): string[] =>
			[release.jobs[name]?.needs ?? []].flat().flatMap((needed) => [needed, ...earlier(needed)]);
		for (const [name, { permissions }] of Object.entries(release.jobs)) {
			if (permissions !== undefined) expect(earlier(name), name).to.include.members(['ci', 'verify']);
		}
		// A pull request of ours may have filled it.
		for (const { environment, steps = [] } of Object.values(release.jobs)) {
			if (environment !== undefined) expect(steps.map(({ uses }) => uses).join()).to.not.match(/prepare|cache/);
		}
		expect(release.jobs['ci']?.uses).to.equal(`./${FOLDER}/ci.yaml`);
		expect(ci.on).to.have.property('workflow_call');
	});
});
