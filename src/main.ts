#!/usr/bin/env node
/** thv-scaling: picks the command, loads only what it needs, sets the exit code. */
import module from 'node:module';
import { describeOptions, type Table, UsageError } from './cli/options.ts';

/** 0 done · 1 failed, or denied · 2 wrong usage or unreadable input */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface Command {
	/** What stands after its name. */
	readonly takes: string;
	readonly does: string;
	/** What else --help says: examples, exit codes. */
	readonly more?: readonly string[];
	readonly options: () => Promise<Table>;
	/** Resolves with the exit code. */
	readonly run: (args: readonly string[]) => Promise<number>;
}

/** In the order in which they are listed. Each is loaded when it is called: the Kubernetes client alone takes half a second. */
const COMMANDS: Readonly<Record<string, Command>> = {
	serve: {
		takes: '[--flag VALUE]...',
		does: 'serve the admission webhooks and reconcile',
		options: async () => (await import('./cli/serve-options.ts')).SERVE_OPTIONS,
		run: async (args) => {
			const { serve } = await import('./server/serve.ts');
			const { promise: terminated, resolve } = Promise.withResolvers<string>();
			process.once('SIGTERM', resolve);
			process.once('SIGINT', resolve);
			await serve(args, { env: process.env, terminated });
			return 0;
		},
	},
	review: {
		takes: 'FILE|DIR|-... [--output text|json|yaml|sarif] [--strict]',
		does: 'say what the cluster would make of manifests, without a cluster',
		more: [
			'thv-scaling review deploy                                  a folder',
			'helm template chart | thv-scaling review -                 what a program prints',
			'thv-scaling review deploy -o yaml | kubectl apply -f -     as the webhooks would have stored it',
			'',
			'Exit codes: 0 nothing denied, 1 something denied (--strict: or warned of), 2 something could not be read.',
		],
		options: async () => (await import('./cli/review-options.ts')).REVIEW_OPTIONS,
		run: async (args) => (await import('./cli/review.ts')).reviewManifests(args, process),
	},
	crds: {
		takes: '[FILE|-]...',
		does: 'add the scaling fields to CRDs; without FILE print our own',
		more: [
			'thv-scaling crds | kubectl apply -f -                      our own, to try things without ToolHive',
			'kubectl get crd mcpservers.toolhive.stacklok.dev -o yaml | thv-scaling crds - | kubectl replace -f -',
			'',
			'What was added is told on stderr. Exit codes: 0 done, 2 there is no CRD of ours, or something could not be read.',
		],
		options: async () => ({}),
		run: async (args) => (await import('./cli/crds.ts')).crds(args, process),
	},
	doctor: {
		takes: '[--flag VALUE]...',
		does: 'look at a cluster and say what is wrong, and what mends it',
		more: ['Exit codes: 0 nothing failed, 1 something failed, 2 the cluster could not be asked.'],
		options: async () => (await import('./cli/doctor-options.ts')).DOCTOR_OPTIONS,
		run: async (args) => (await import('./cli/doctor.ts')).doctor(args, process),
	},
};

function usage(): string {
	const names = Object.keys(COMMANDS);
	const width = Math.max(...names.map((name) => name.length));
	return [
		'thv-scaling: horizontal scaling for ToolHive, from outside its operator',
		'',
		'Usage:',
		...Object.entries(COMMANDS).map(([name, { takes }]) => `  thv-scaling ${name.padEnd(width)} ${takes}`.trimEnd()),
		'',
		...Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}`),
		'',
		'thv-scaling COMMAND --help tells its flags; thv-scaling --version which release this is.',
		'',
	].join('\n');
}

async function run(args: readonly string[]): Promise<number> {
	const [name, ...rest] = args;
	if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
		process.stdout.write(usage());
		return 0;
	}
	if (name === '--version') {
		process.stdout.write(`${(await import('./cli/version.ts')).ownVersion()}\n`);
		return 0;
	}
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (command === undefined) {
		throw new UsageError(`there is no command ${JSON.stringify(name)}; see thv-scaling --help`);
	}
	if (rest.includes('--help') || rest.includes('-h')) {
		const flags = describeOptions(await command.options());
		const paragraphs = [`Usage: thv-scaling ${name} ${command.takes}`, command.does, command.more?.join('\n'), flags];
		process.stdout.write(`${paragraphs.filter(Boolean).join('\n\n')}\n`);
		return 0;
	}
	return command.run(rest);
}

/** The `engines` of package.json. An older Node would fail somewhere in the middle, and not say why. */
const OLDEST_NODE = [22, 19] as const;

function checkNode(): void {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	const [needed, neededMinor] = OLDEST_NODE;
	if (major > needed || (major === needed && minor >= neededMinor)) return;
	process.stderr.write(
		`thv-scaling: needs Node.js ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}\n`,
	);
	process.exit(EXIT_USAGE);
}

checkNode();
// What a command loads is compiled once per machine and not once per call; where nothing can be written nothing happens.
module.enableCompileCache();

/** Ends once what was printed has left: a pipe takes its time, and an exit would cut the report off. */
const end = (code: number): boolean => process.stdout.write('', () => process.exit(code));

run(process.argv.slice(2)).then(end, (error: unknown) => {
	const isUsage = error instanceof UsageError;
	process.stderr.write(`thv-scaling: ${isUsage ? error.message : ((error as Error).stack ?? String(error))}\n`);
	// For the others 1 is an answer: something is denied, or a check failed.
	end(isUsage || process.argv[2] !== 'serve' ? EXIT_USAGE : EXIT_FAILED);
});
