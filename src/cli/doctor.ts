/** `thv-scaling doctor`: connects to a cluster, runs the checks and prints the report. */
import { printable } from '../api/printable.ts';
import { createClusterReader } from '../cluster/cluster-reader.ts';
import { type Connection, connect } from '../cluster/connect.ts';
import { isInPod } from '../cluster/service-account.ts';
import { statusOf } from '../doctor/check-result.ts';
import type { ServeFlags } from '../doctor/context.ts';
import type { Installation } from '../doctor/installation.ts';
import { jsonReport, summaryOf, textReport } from '../doctor/report.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { type DOCTOR_OPTIONS, SERVE_OPTIONS, settingsOf } from './flags.ts';
import { readOptions, UsageError, type Values } from './options.ts';
import { createReport, type Terminal } from './report.ts';

const EXIT_FAILED = 1;
const FORBIDDEN = 403;

/** Resolves with the exit code: 1 if a check failed. Throws UsageError if the cluster cannot be reached. */
export async function doctor(
	{ kubeconfig, context, namespace, output }: Values<typeof DOCTOR_OPTIONS>,
	terminal: Terminal,
): Promise<number> {
	const { env, stdout } = terminal;
	const source = kubeconfig ?? env['KUBECONFIG'];
	// With an explicit kubeconfig, the cluster of the Pod is not the cluster to check.
	const pod = source === undefined ? env : { ...env, KUBERNETES_SERVICE_HOST: undefined };
	const named = source ?? (isInPod(pod) ? 'of the pod' : 'from its default place');
	const connection = await connect(kubeconfig, pod, context).catch((error: Error) => {
		throw unusable(`kubeconfig ${named} cannot be used`, error);
	});
	try {
		const cluster = createClusterReader(connection);
		await cluster.version().catch((error: unknown) => {
			// Without permission to read the version, other checks may still succeed.
			if (statusOf(error) !== FORBIDDEN)
				throw unusable(`cannot reach the API server (${whereOf(connection, named)})`, error);
		});
		const lines = await runChecks(cluster, { url: connection.url, namespace, readSettings, nowMs: Date.now() });
		const isColoured = stdout.isTTY === true && !env['NO_COLOR'];
		const report = createReport(terminal);
		await report.print(output === 'json' ? jsonReport(lines) : textReport(lines, isColoured));
		return await report.finish(summaryOf(lines).fail > 0 ? EXIT_FAILED : 0);
	} finally {
		await connection.close();
	}
}

const whereOf = ({ url }: Connection, kubeconfig: string): string => `server ${url}, kubeconfig ${kubeconfig}`;

const unusable = (what: string, error: unknown): UsageError => {
	const reason =
		error instanceof SyntaxError ? 'the response does not come from a Kubernetes API server' : reasonOf(error as Error);
	return new UsageError(printable(`${what}: ${reason}`), { cause: error });
};

/** A connection to several addresses fails with one error per address. */
const reasonOf = (error: Error): string =>
	error.message || (error instanceof AggregateError ? (error.errors[0] as Error).message : error.name);

/** Parses the settings of the installation as `serve` does. */
function readSettings({ args, env }: Installation): ServeFlags | string {
	try {
		const options = readOptions(SERVE_OPTIONS, args, env);
		return {
			operatorUsernames: options['operator-usernames'],
			passwordEnv: options['password-env'],
			shutdown: settingsOf(options),
			isReconciling: options.reconcile,
			isElected: options['leader-elect'],
			isSelfManaged: options['tls-dir'] === undefined,
			hasNamespaceLabel: options['namespace-label'] !== undefined,
		};
	} catch (error) {
		if (error instanceof UsageError) return error.message;
		throw error;
	}
}
