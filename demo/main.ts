/**
 * `make demo`: a real API server, the product beside it, and both kinds of writers: a person with kubectl, and a stand-in
 * for ToolHive's operator v0.12.5. Ends with 0 only if every promise was kept. With `--once` it ends by itself.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { paintFor } from '../src/offline/render-text.ts';
import { findAssets } from '../test/harness/control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../test/harness/control-plane/start.ts';
import { createOldOperator, type OldOperator } from '../test/harness/old-operator/old-operator.ts';
import { type Product, ROOT, startProduct } from '../test/harness/product.ts';
import { differenceOf } from './difference.ts';
import { type Everything, PROMISES } from './promises.ts';

const NAMESPACE = 'mcp-demo';
const EXAMPLES = ['search', 'files', 'hub', 'crm'];
const SETTLE_MS = 30_000;
/** Less than the default of 10, so that nobody has to wait. */
const SETTLE_SECONDS = 1;
const FOLLOWS_WITHIN_MS = 20_000;

const paint = paintFor(process.stdout.isTTY, process.env['NO_COLOR']);
const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const title = (text: string): void => say(`\n${paint('bold', text)}`);

async function run(isOnce: boolean, interrupted: Promise<void>): Promise<boolean> {
	const startedMs = performance.now();
	title('A real control plane');
	const plane = await startControlPlane({ say: (line) => say(paint('dim', `  ${line}`)) });
	let product: Product | undefined;
	let operator: OldOperator | undefined;
	try {
		const version = JSON.parse((await plane.kubectl(['version', '-o', 'json'])).stdout).serverVersion.gitVersion;
		say(`  etcd and kube-apiserver ${version} at ${plane.url}`);
		product = await startProduct(plane, { flags: [`--settle-seconds=${SETTLE_SECONDS}`] });
		say('  CRDs, permissions, `thv-scaling serve`, and both webhooks registered');
		await mustRun(plane, ['create', 'namespace', NAMESPACE]);

		operator = createOldOperator({
			url: plane.url,
			ca: readFileSync(plane.caFile, 'utf8'),
			token: plane.token('operator'),
			namespace: NAMESPACE,
			onWrite: ({ verb, resource, name, changed }, sent, stored, warnings) => {
				if (resource === 'secrets') return;
				const lines = differenceOf(sent, stored, paint);
				if (!changed || (lines.length === 0 && warnings.length === 0)) return;
				say(`  ${verb} ${resource}/${name}`);
				for (const line of lines) say(line);
				for (const warning of warnings) say(paint('yellow', `    Warning: ${warning}`));
			},
		});
		const outcomes = [...(await apply(plane, operator)), ...(await check(plane))];
		outcomes.push(...(await refuse(plane)), ...(await scale(plane)), ...(await follow(plane)));
		const kept = outcomes.filter(({ isKept }) => isKept).length;
		title(`${kept} of ${outcomes.length} promises kept`);
		for (const { says, isKept } of outcomes)
			say(isKept ? `  ${paint('green', '✓')} ${says}` : `  ${paint('red', '✗')} ${says}`);
		say(paint('dim', `  ${Math.round((performance.now() - startedMs) / 1000)} s`));
		if (!isOnce) await stay(plane, operator, interrupted);
		return kept === outcomes.length;
	} finally {
		await operator?.close();
		await product?.stop();
		await plane.stop();
	}
}

interface Outcome {
	readonly says: string;
	readonly isKept: boolean;
}

/** Servers as a person applies them, and what the operator then writes. */
async function apply(plane: ControlPlane, operator: OldOperator): Promise<Outcome[]> {
	const warnings: Record<string, string> = {};
	for (const name of EXAMPLES) {
		title(`$ kubectl apply -f examples/${name}.yaml`);
		warnings[name] = await show(plane, ['apply', '-f', `examples/${name}.yaml`]);
		say(paint('dim', "  The operator's writes, and what is stored instead (- sent, + stored):"));
		await operator.settle(SETTLE_MS);
	}
	return [
		{
			says: 'files: the person was warned of the cap',
			isKept: warnings['files']?.includes('(stdio-replicas-capped)') ?? false,
		},
		{ says: 'search: nothing to warn about', isKept: warnings['search'] === '' },
	];
}

async function refuse(plane: ControlPlane): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const [name, message] of [
		['no-address', 'address is required when provider is redis'],
		['empty-address', 'spec.sessionStorage.address: must not be empty when provider is redis'],
	] as const) {
		title(`$ kubectl apply -f examples/refused/${name}.yaml`);
		const said = await show(plane, ['apply', '-f', `examples/refused/${name}.yaml`]);
		outcomes.push({ says: `${name}: refused`, isKept: said.includes(message) });
	}
	return outcomes;
}

async function scale(plane: ControlPlane): Promise<Outcome[]> {
	title('$ kubectl scale deployment files --replicas=5');
	const said = await show(plane, ['scale', 'deployment', 'files', '--replicas=5']);
	title('$ kubectl scale deployment search --replicas=6');
	await show(plane, ['scale', 'deployment', 'search', '--replicas=6']);
	const [files, search] = (
		await mustRun(plane, ['get', 'deployment', 'files', 'search', '-o', 'jsonpath={.items[*].spec.replicas}'])
	).split(' ');
	return [
		{ says: 'files: kubectl scale left it at 1', isKept: files === '1' },
		{ says: 'files: kubectl scale was told why', isKept: said.includes('(stdio-replicas-capped)') },
		{ says: 'search: kubectl scale is yours to decide', isKept: search === '6' },
	];
}

/** What comes without anybody's write: a changed count on a live Deployment, conditions, Events. */
async function follow(plane: ControlPlane): Promise<Outcome[]> {
	title(`$ kubectl patch mcpserver search --type=merge -p '{"spec":{"replicas":5}}'`);
	await show(plane, ['patch', 'mcpserver', 'search', '--type=merge', '-p', '{"spec":{"replicas":5}}']);
	const replicas = ['get', 'deployment', 'search', '-o', 'jsonpath={.spec.replicas}'];
	const isCarried = await comesTrue(async () => (await mustRun(plane, replicas)) === '5');
	say(`  the Deployment: ${await mustRun(plane, replicas)} replicas`);

	title('$ kubectl get mcpservers -o wide');
	const hasConditions = await comesTrue(async () =>
		/files .* True +True/.test(await mustRun(plane, ['get', 'mcpservers', '-o', 'wide'])),
	);
	await show(plane, ['get', 'mcpservers', '-o', 'wide']);
	title('$ kubectl describe mcpserver files');
	const described = await mustRun(plane, ['describe', 'mcpserver', 'files']);
	const told = described.slice(described.indexOf('  Conditions:'));
	for (const line of told.trimEnd().split('\n')) say(`  ${line}`);
	return [
		{ says: 'search: a count that is changed later reaches the live Deployment', isKept: isCarried },
		{ says: 'files: its conditions say what is wrong with it', isKept: hasConditions },
		{ says: 'files: and so does an Event', isKept: /Warning +StdioReplicaCapped/.test(described) },
	];
}

async function comesTrue(isTrueNow: () => Promise<boolean>): Promise<boolean> {
	const deadlineMs = performance.now() + FOLLOWS_WITHIN_MS;
	while (performance.now() < deadlineMs) {
		if (await isTrueNow()) return true;
		await sleep(200);
	}
	return false;
}

async function check(plane: ControlPlane): Promise<Outcome[]> {
	const resources = 'mcpservers,virtualmcpservers,mcpremoteproxies,deployments,configmaps';
	const { items } = JSON.parse(await mustRun(plane, ['get', resources, '-o', 'json']));
	const find = (kind: string, name: string) =>
		items.find(
			(item: { kind: string; metadata: { name: string } }) =>
				item.kind.toLowerCase() === kind && item.metadata.name === name,
		);
	const all: Everything = {
		server: find,
		deployment: (name) => find('deployment', name),
		configMap: (name) => find('configmap', name),
	};
	return PROMISES.map(({ says, isKept }) => ({ says, isKept: isTrue(() => isKept(all)) }));
}

/** A promise about an object that is not there is not kept. */
function isTrue(condition: () => boolean): boolean {
	try {
		return condition();
	} catch {
		return false;
	}
}

/** Prints what kubectl says and returns its stderr: warnings and refusals. */
async function show(plane: ControlPlane, args: readonly string[]): Promise<string> {
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

/** Stays up, with the operator at work, until somebody presses Ctrl-C. */
async function stay(plane: ControlPlane, operator: OldOperator, interrupted: Promise<void>): Promise<void> {
	const { folder } = await findAssets({ env: process.env, controllerManager: false, say });
	title('It stays up. In another terminal:');
	say(`  export KUBECONFIG=${plane.kubeconfig('person')}`);
	say(`  export PATH=${folder}:$PATH`);
	say(`  kubectl -n ${NAMESPACE} get mcpservers,deployments`);
	say(`  kubectl -n ${NAMESPACE} scale deployment files --replicas=5`);
	say('  Nothing runs here but the API server: no pods start, and what loses its owner stays. Ctrl-C ends it.');
	let isOver = false;
	const over = interrupted.then(() => {
		isOver = true;
	});
	while (!isOver) {
		// Whoever plays may take away what the operator looks for; it would come back, and so does this.
		await operator.settle(SETTLE_MS).catch((error: Error) => say(`  The operator: ${error.message}`));
		await Promise.race([over, sleep(2_000)]);
	}
	say('\nStopping: the API server lets go of its connections first.');
}

// Paths are shown as a person at the top of the checkout would type them.
process.chdir(ROOT);
const interrupted = new Promise<void>((resolve) => {
	process.once('SIGINT', resolve);
	process.once('SIGTERM', resolve);
	process.once('SIGHUP', resolve);
});
const kept = await run(process.argv.includes('--once'), interrupted);
process.exitCode = kept ? 0 : 1;
