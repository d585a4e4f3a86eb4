/** The flags of every command. */
import { parseVersion } from '../api/images.ts';
import { isObjectName } from '../objects/metadata.ts';
import { shortestGracePeriod } from '../policy/pre-stop.ts';
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import { boolean, commaList, label, oneOf, text, UsageError, type Values, wholeNumber } from './options.ts';

const namespaceName = {
	allowed: 'the name of a namespace',
	parse: (value: string) => (isObjectName(value) ? value : undefined),
};

/** The flags that decisions depend on. `review` predicts the behaviour of `serve` only if both have the same values. */
export const SETTINGS_OPTIONS = {
	'grace-period-seconds': {
		...wholeNumber(0, 86_400),
		help: 'terminationGracePeriodSeconds for proxy Deployments that do not set it.',
		fallback: String(DEFAULT_SETTINGS.gracePeriodSeconds),
	},
	'pre-stop-seconds': {
		...wholeNumber(0, 86_400),
		help: 'preStop sleep of proxy containers without a lifecycle. 0 disables it. The grace period must be more than 30 s longer than the sleep.',
		fallback: String(DEFAULT_SETTINGS.preStopSeconds),
	},
	'password-env': {
		...oneOf('deployment', 'pod'),
		help: 'Kind of object that gets the variable THV_SESSION_REDIS_PASSWORD. pod requires the webhook in the component pod-mode.',
		fallback: DEFAULT_SETTINGS.passwordEnv,
	},
	'run-config-layout': {
		...oneOf('both', 'top-level'),
		help: 'Position of the scaling settings in runconfig.json. Released runners read only scaling_config, which top-level omits.',
		fallback: DEFAULT_SETTINGS.runConfigLayout,
	},
	'operator-usernames': {
		...commaList('a comma-separated list of user names'),
		help: 'User names that the operator authenticates as. The webhook restores scaling fields that these users remove.',
		fallback: DEFAULT_SETTINGS.operatorUsernames.join(','),
	},
} as const;

export const SERVE_OPTIONS = {
	kubeconfig: {
		...text('a file'),
		help: 'Kubeconfig of the cluster. Default: in a Pod, the cluster of that Pod; otherwise the default kubeconfig.',
	},
	'webhook-port': {
		...wholeNumber(0, 65535),
		help: 'HTTPS port of /mutate and /validate; 0 selects a free port.',
		fallback: '8443',
	},
	'metrics-port': {
		...wholeNumber(0, 65535),
		help: 'HTTP port of /livez, /readyz and /metrics; 0 selects a free port.',
		fallback: '8080',
	},
	'tls-dir': {
		...text('a folder'),
		help: 'Folder with tls.crt and tls.key, reloaded when they change. Default in a Pod: the Secret that the leader maintains.',
	},
	...SETTINGS_OPTIONS,
	'drain-seconds': {
		...wholeNumber(0, 3600),
		help: 'How long the server continues to accept requests after SIGTERM.',
		fallback: '10',
	},
	'max-in-flight': {
		...wholeNumber(1, 100_000),
		help: 'Maximum number of concurrent requests; the server rejects additional requests with HTTP 503.',
		fallback: '200',
	},
	'leader-elect': {
		...boolean,
		help: 'Reconcile and renew certificates only while this replica holds the Lease. Disable only with a single replica.',
		fallback: 'true',
	},
	reconcile: { ...boolean, help: 'Run the reconciler. Disable to run only the webhooks.', fallback: 'true' },
	'namespace-label': {
		...label,
		help: 'Reconcile only in namespaces with this label. The webhook configurations need the same selector.',
	},
	'exclude-namespaces': {
		...commaList('a comma-separated list of namespaces'),
		help: 'Never reconcile in these namespaces. The webhook configurations must exclude them too.',
	},
	'settle-seconds': {
		...wholeNumber(0, 3600),
		help: 'How long the reconciler waits for the operator to make a change before the reconciler makes the change.',
		fallback: '10',
	},
	'rollouts-per-minute': {
		...wholeNumber(1, 10_000),
		help: 'Maximum number of proxy Deployments that the reconciler rolls out per minute.',
		fallback: '20',
	},
	'log-level': { ...oneOf('debug', 'info', 'warn', 'error'), help: 'Minimum level of log messages.', fallback: 'info' },
} as const;

export const REVIEW_OPTIONS = {
	output: {
		...oneOf('text', 'json', 'yaml', 'sarif'),
		help: 'Format: text for people, json for programs, yaml for kubectl apply -f - (the objects after admission), sarif for code scanning.',
		fallback: 'text',
		short: 'o',
	},
	quiet: { ...boolean, help: 'Print only denials, warnings and the summary, as text.', short: 'q' },
	verbose: { ...boolean, help: 'Print to stderr each skipped file and document, with the reason.' },
	strict: { ...boolean, help: 'Treat warnings as denials: exit with code 1.' },
	namespace: {
		...namespaceName,
		help: 'Namespace for manifests without metadata.namespace.',
		fallback: 'default',
		short: 'n',
	},
	'server-version': {
		allowed: 'a version of ToolHive such as v0.12.5',
		parse: parseVersion,
		help: 'ToolHive version in the cluster. It determines the proxy image of servers whose Deployment is not in the input.',
	},
	...SETTINGS_OPTIONS,
} as const;

export const DOCTOR_OPTIONS = {
	kubeconfig: {
		...text('a file'),
		help: 'Kubeconfig of the cluster to check. Default: the kubeconfig that kubectl uses; in a Pod, the cluster of that Pod.',
	},
	context: { ...text('a name'), help: 'Context in the kubeconfig. Default: the current context.' },
	namespace: {
		...namespaceName,
		help: 'Namespace of toolhive-scaling. Default: the namespace in its webhook configurations, otherwise toolhive-scaling.',
		short: 'n',
	},
	output: { ...oneOf('text', 'json'), help: 'Format of the report.', short: 'o', fallback: 'text' },
} as const;

/** Throws UsageError if values that are each allowed do not fit together. */
export function settingsOf(options: Values<typeof SETTINGS_OPTIONS>): Settings {
	const gracePeriodSeconds = options['grace-period-seconds'];
	const preStopSeconds = options['pre-stop-seconds'];
	const shortest = shortestGracePeriod(preStopSeconds);
	if (gracePeriodSeconds < shortest) {
		const both = `--grace-period-seconds ${gracePeriodSeconds} is too short for --pre-stop-seconds ${preStopSeconds}`;
		throw new UsageError(`${both}: the grace period must be at least ${shortest}, unless --pre-stop-seconds is 0`);
	}
	return {
		gracePeriodSeconds,
		preStopSeconds,
		passwordEnv: options['password-env'],
		runConfigLayout: options['run-config-layout'],
		operatorUsernames: options['operator-usernames'],
	};
}
