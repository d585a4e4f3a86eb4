/**
 * The command line. A command's code is imported only when it runs, because the Kubernetes client alone takes half a
 * second to load.
 */
import { DOCTOR_OPTIONS, REVIEW_OPTIONS, SERVE_OPTIONS } from './flags.ts';
import { createCommand, type Table, UsageError, type Values, valuesOf, withPlainBooleans } from './options.ts';
import type { Terminal } from './report.ts';
import { ownVersion } from './version.ts';

/** Exit codes: 0 done, 1 failed or denied, 2 wrong usage or unreadable input. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const REVIEW_HELP = `
Examples:
  thv-scaling review deploy                                     a folder
  helm template chart | thv-scaling review -                    the output of another program
  thv-scaling review deploy -o yaml > out.yaml && kubectl apply -f out.yaml
                                                                the objects as the webhooks would store them

Exit codes: 0 nothing denied, 1 something denied (with --strict also a warning), 2 something could not be read.`;

const CRDS_HELP = `
Examples:
  thv-scaling crds | kubectl apply -f -                    minimal CRDs, to try things without ToolHive
  kubectl get crd mcpservers.toolhive.stacklok.dev -o yaml | thv-scaling crds - | kubectl replace -f -

The added fields are listed on stderr. Exit codes: 0 done, 2 no CRD of ToolHive in the input, or it could not be read.`;

const DOCTOR_HELP = `
Exit codes: 0 no check failed, 1 a check failed, 2 the cluster could not be reached.`;

interface Entry<T extends Table> {
	readonly table: T;
	/** The description of the command's arguments, if it takes any. */
	readonly files?: string;
	readonly description: string;
	readonly help?: string;
	readonly run: (options: Values<T>, files: readonly string[]) => Promise<number>;
}

/** Resolves with the exit code. Throws UsageError. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
	let code = 0;
	const program = createCommand('thv-scaling', {})
		.description('Horizontal scaling for ToolHive, from outside its operator.')
		.version(ownVersion(), '--version', 'Print the version.')
		.helpCommand('help [command]', 'Print the help of a command.');
	const add = <T extends Table>(name: string, { table, files, description, help = '', run }: Entry<T>): void => {
		const command = createCommand(name, table).description(description).addHelpText('after', help);
		if (files) command.argument('[file...]', files);
		program.addCommand(
			command.action(async () => {
				code = await run(valuesOf(table, command, terminal.env), command.args);
			}),
		);
	};
	add('serve', {
		table: SERVE_OPTIONS,
		description: 'Serve the admission webhooks and reconcile.',
		run: async (options) => {
			const { serve } = await import('../server/serve.ts');
			const { promise: terminated, resolve } = Promise.withResolvers<string>();
			process.once('SIGTERM', resolve);
			process.once('SIGINT', resolve);
			await serve(options, { env: terminal.env, terminated });
			return 0;
		},
	});
	add('review', {
		table: REVIEW_OPTIONS,
		files: 'Files, folders, or - for stdin.',
		description: 'Show what the webhooks would change, deny or warn about in manifests, without a cluster.',
		help: REVIEW_HELP,
		run: async (options, files) => (await import('./review.ts')).reviewManifests(options, files, terminal),
	});
	add('crds', {
		table: {},
		files: 'Files with CRDs, or - for stdin.',
		description: 'Add the scaling fields to CRDs of ToolHive; without a file, print minimal CRDs.',
		help: CRDS_HELP,
		run: async (_options, files) => (await import('./crds.ts')).crds(files, terminal),
	});
	add('doctor', {
		table: DOCTOR_OPTIONS,
		description: 'Check an installation in a cluster; print what is wrong and how to fix it.',
		help: DOCTOR_HELP,
		run: async (options) => (await import('./doctor.ts')).doctor(options, terminal),
	});
	const plain = withPlainBooleans(args, { ...SERVE_OPTIONS, ...REVIEW_OPTIONS });
	await program.parseAsync(plain.length === 0 ? ['--help'] : plain, { from: 'user' });
	return code;
}

/**
 * Prints `error` and returns the exit code. The code is 2 even for a bug, because 1 is a regular result of every
 * command except serve.
 */
export function reportError(error: unknown): number {
	const isUsage = error instanceof UsageError;
	process.stderr.write(`thv-scaling: ${isUsage ? error.message : ((error as Error).stack ?? String(error))}\n`);
	return isUsage || process.argv[2] !== 'serve' ? EXIT_USAGE : EXIT_FAILED;
}
