#!/usr/bin/env node
/** thv-scaling: picks the command, loads only what it needs, sets the exit code. */
import { readFileSync } from 'node:fs';
import { describeOptions, UsageError } from './commands/options.ts';

/** 0 done · 1 failed · 2 wrong usage or unreadable input */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const USAGE = `thv-scaling: horizontal scaling for ToolHive, from outside its operator

Usage:
  thv-scaling serve [--flag VALUE]...   serve the admission webhooks
  thv-scaling serve --help              its flags
  thv-scaling --version
`;

async function run(args: readonly string[]): Promise<void> {
	const [command, ...rest] = args;
	if (command === undefined || command === 'help' || command === '--help' || command === '-h') {
		process.stdout.write(USAGE);
		return;
	}
	if (command === '--version') {
		const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
		process.stdout.write(`${version}\n`);
		return;
	}
	if (command !== 'serve')
		throw new UsageError(`there is no command ${JSON.stringify(command)}; see thv-scaling --help`);
	if (rest.includes('--help') || rest.includes('-h')) {
		const { SERVE_OPTIONS } = await import('./commands/serve-options.ts');
		process.stdout.write(`Usage: thv-scaling serve [--flag VALUE]...\n\n${describeOptions(SERVE_OPTIONS)}\n`);
		return;
	}
	const { serve } = await import('./commands/serve.ts');
	const { promise: terminated, resolve } = Promise.withResolvers<string>();
	process.once('SIGTERM', resolve);
	process.once('SIGINT', resolve);
	await serve(rest, { env: process.env, terminated });
}

run(process.argv.slice(2)).then(
	() => process.exit(),
	(error: unknown) => {
		const isUsage = error instanceof UsageError;
		process.stderr.write(`thv-scaling: ${isUsage ? error.message : ((error as Error).stack ?? String(error))}\n`);
		process.exit(isUsage ? EXIT_USAGE : EXIT_FAILED);
	},
);
