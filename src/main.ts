#!/usr/bin/env node
/** thv-scaling: checks the Node.js version, runs the command and ends with its exit code. */
import module from 'node:module';

/**
 * The oldest version in `engines` of package.json. Older versions fail later, with an error that does not name the
 * cause.
 */
const OLDEST_NODE = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
	const needed = `needs Node.js ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}`;
	process.stderr.write(`thv-scaling: ${needed}\n`);
	process.exit(2);
}
// The compile cache covers only modules that are loaded after this call, so everything else is imported dynamically.
module.enableCompileCache();
const { run, reportError } = await import('./cli/program.ts');
const code = await run(process.argv.slice(2), process).catch(reportError);
// Exits after all output is written. An earlier exit would lose output that a slow pipe has not accepted yet.
process.stdout.write('', () => process.exit(code));
