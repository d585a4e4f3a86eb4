/**
 * `make demo`: starts a real API server with the product, kubectl, and a replacement for ToolHive's operator v0.12.5.
 * The exit code is 0 only if every check passed. With `--once`, the demo ends without waiting for Ctrl-C.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { paintFor } from '../src/offline/render-text.ts';
import { findAssets } from '../test/harness/control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../test/harness/control-plane/start.ts';
import { eventually } from '../test/harness/eventually.ts';
import { createOldOperator, type OldOperator } from '../test/harness/old-operator/old-operator.ts';
import { type Product, ROOT, startProduct } from '../test/harness/product.ts';
import { CHECKS, type Find, type StoredObject } from './checks.ts';
import { differenceOf } from './difference.ts';

const NAMESPACE = 'mcp-demo';
const EXAMPLES = ['search', 'files', 'hub', 'crm'];
const SETTLE_MS = 30_000;
/** The value is below the default of 10, so that the demo is short. */
const SETTLE_SECONDS = 1;
const FOLLOWS_WITHIN_MS = 20_000;

const paint = paintFor(process.stdout.isTTY, process.env['NO_COLOR']);
const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const title = (text: string): void => say(`\n${paint('bold', text)}`);

async function run(isOnce: boolean, interrupted: Promise<void>): Promise<boolean> {
	const startedMs = performance.now();
	title('Control plane');
	const plane = await startControlPlane({ say: (line) => say(paint('dim', `  ${line}`)) });
	let product: Product | undefined;
	let operator: OldOperator | undefined;
	try {
		const version = JSON.parse((await plane.kubectl(['version', '-o', 'json'])).stdout).serverVersion.gitVersion;
		say(`  etcd and kube-apiserver ${version} at ${plane.url}`);
		product = await startProduct(plane, { flags: [`--settle-seconds=${SETTLE_SECONDS}`] });
		say('  Installed: CRDs, permissions, both webhook configurations. Started: thv-scaling serve');
		await mustRun(plane, ['create', 'namespace', NAMESPACE]);

		operator = createOldOperator(plane, NAMESPACE, {
			onWrite: ({ verb, resource, name, changed }, sent, stored, warnings) => {
				const lines = differenceOf(sent, stored, paint);
				if (!changed || (lines.length === 0 && warnings.length === 0)) return;
				say(`  ${verb} ${resource}/${name}`);
				for (const line of lines) say(line);
				for (const warning of warnings) say(paint('yellow', `    Warning: ${warning}`));
			},
		});
		const outcomes = [...(await apply(plane, operator)), ...(await check(plane))];
		outcomes.push(...(await applyDenied(plane)), ...(await scale(plane)), ...(await changeReplicas(plane)));
		const passed = outcomes.filter(([, isPassed]) => isPassed).length;
		title(`${passed} of ${outcomes.length} checks passed`);
		for (const [name, isPassed] of outcomes)
			say(isPassed ? `  ${paint('green', '✓')} ${name}` : `  ${paint('red', '✗')} ${name}`);
		say(paint('dim', `  ${Math.round((performance.now() - startedMs) / 1000)} s`));
		if (!isOnce) await keepRunning(plane, operator, interrupted);
		return passed === outcomes.length;
	} finally {
		operator?.close();
		await product?.stop();
		await plane.stop();
	}
}

type Outcome = readonly [name: string, isPassed: boolean];

/** Applies the servers, and prints what the operator then writes. */
async function apply(plane: ControlPlane, operator: OldOperator): Promise<Outcome[]> {
	const warnings: Record<string, string> = {};
	for (const name of EXAMPLES) {
		warnings[name] = await show(plane, 'apply', '-f', `examples/${name}.yaml`);
		say(paint('dim', "  The operator's writes, and what is stored instead (- sent, + stored):"));
		await operator.settle(SETTLE_MS);
	}
	const isWarned = warnings['files']?.includes('(stdio-replicas-capped)') ?? false;
	return [
		['files: kubectl apply prints a warning about the limit of 1 replica', isWarned],
		['search: kubectl apply prints no warning', warnings['search'] === ''],
	];
}

async function applyDenied(plane: ControlPlane): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const [name, message] of [
		['no-address', 'address is required when provider is redis'],
		['empty-address', 'spec.sessionStorage.address: must not be empty when provider is redis'],
	] as const) {
		const stderr = await show(plane, 'apply', '-f', `examples/refused/${name}.yaml`);
		outcomes.push([`${name}: denied`, stderr.includes(message)]);
	}
	return outcomes;
}

async function scale(plane: ControlPlane): Promise<Outcome[]> {
	const stderr = await show(plane, 'scale', 'deployment', 'files', '--replicas=5');
	await show(plane, 'scale', 'deployment', 'search', '--replicas=6');
	const counts = await mustRun(plane, [
		'get',
		'deployment',
		'files',
		'search',
		'-o',
		'jsonpath={.items[*].spec.replicas}',
	]);
	const [files, search] = counts.split(' ');
	return [
		['files: kubectl scale leaves it at 1 replica', files === '1'],
		['files: kubectl scale prints a warning', stderr.includes('(stdio-replicas-capped)')],
		['search: kubectl scale sets 6 replicas', search === '6'],
	];
}

/** Changes spec.replicas, and prints what the reconciler writes: the Deployment's replicas, conditions and Events. */
async function changeReplicas(plane: ControlPlane): Promise<Outcome[]> {
	await show(plane, 'patch', 'mcpserver', 'search', '--type=merge', '-p', '{"spec":{"replicas":5}}');
	const replicas = ['get', 'deployment', 'search', '-o', 'jsonpath={.spec.replicas}'];
	const isApplied = await becomesTrue(plane, replicas, /^5$/);
	say(`  Deployment search: ${await mustRun(plane, replicas)} replicas`);

	const wide = ['get', 'mcpservers', '-o', 'wide'];
	const hasConditions = await becomesTrue(plane, wide, /files .* True +True/);
	await show(plane, ...wide);
	title('$ kubectl describe mcpserver files');
	const described = await mustRun(plane, ['describe', 'mcpserver', 'files']);
	const status = described.slice(described.indexOf('  Conditions:'));
	for (const line of status.trimEnd().split('\n')) say(`  ${line}`);
	return [
		['search: a later change of spec.replicas reaches the Deployment', isApplied],
		['files: its conditions report the limit and the missing session storage', hasConditions],
		['files: an Event reports the limit', /Warning +StdioReplicaCapped/.test(described)],
	];
}

/** Waits until kubectl prints a text that matches. */
const becomesTrue = (plane: ControlPlane, args: readonly string[], pattern: RegExp): Promise<boolean> =>
	eventually(async () => {
		if (!pattern.test(await mustRun(plane, args))) throw new Error('not yet');
	}, FOLLOWS_WITHIN_MS).then(
		() => true,
		() => false,
	);

async function check(plane: ControlPlane): Promise<Outcome[]> {
	const resources = 'mcpservers,virtualmcpservers,mcpremoteproxies,deployments,configmaps';
	const { items } = JSON.parse(await mustRun(plane, ['get', resources, '-o', 'json']));
	const find: Find = (kind, name) =>
		items.find((item: StoredObject) => item.kind.toLowerCase() === kind && item.metadata.name === name);
	return CHECKS.map(([name, passes]): Outcome => {
		try {
			return [name, passes(find)];
		} catch {
			// The object does not exist.
			return [name, false];
		}
	});
}

/** Prints the command and the output of kubectl, and returns stderr, which has warnings and denials. */
async function show(plane: ControlPlane, ...args: readonly string[]): Promise<string> {
	title(`$ kubectl ${args.map((arg) => (arg.startsWith('{') ? `'${arg}'` : arg)).join(' ')}`);
	const { stdout, stderr } = await plane.kubectl(['-n', NAMESPACE, ...args]);
	for (const line of stdout.trimEnd().split('\n')) if (line !== '') say(`  ${line}`);
	for (const line of stderr.trimEnd().split('\n'))
		if (line !== '') say(paint(line.startsWith('Warning') ? 'yellow' : 'red', `  ${line}`));
	return stderr;
}

async function mustRun(plane: ControlPlane, args: readonly string[]): Promise<string> {
	const { code, stdout, stderr } = await plane.kubectl(['-n', NAMESPACE, ...args]);
	if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
	return stdout;
}

/** Keeps the API server and the operator running until Ctrl-C. */
async function keepRunning(plane: ControlPlane, operator: OldOperator, interrupted: Promise<void>): Promise<void> {
	const { folder } = await findAssets({ env: process.env, controllerManager: false, say });
	title('The API server keeps running. In another terminal:');
	say(`  export KUBECONFIG=${plane.kubeconfig('person')}`);
	say(`  export PATH=${folder}:$PATH`);
	say(`  kubectl -n ${NAMESPACE} get mcpservers,deployments`);
	say(`  kubectl -n ${NAMESPACE} scale deployment files --replicas=5`);
	say(
		'  There is no kubelet and no controller: no pods start, and nothing is garbage-collected. Press Ctrl-C to stop.',
	);
	let isOver = false;
	const over = interrupted.then(() => {
		isOver = true;
	});
	while (!isOver) {
		// Users may delete objects that the operator needs. Like a real operator, the demo retries.
		await operator.settle(SETTLE_MS).catch((error: Error) => say(`  operator: ${error.message}`));
		await Promise.race([over, sleep(2_000)]);
	}
	say('\nStopping: the API server closes its connections first.');
}

// The printed paths are relative to the top of the checkout.
process.chdir(ROOT);
const interrupted = new Promise<void>((resolve) => {
	process.once('SIGINT', resolve);
	process.once('SIGTERM', resolve);
	process.once('SIGHUP', resolve);
});
const isPassed = await run(process.argv.includes('--once'), interrupted);
process.exitCode = isPassed ? 0 : 1;
