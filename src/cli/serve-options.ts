/** The flags of `thv-scaling serve`. */
import { commaList, label, oneOf, text, wholeNumber } from './options.ts';
import { SETTINGS_OPTIONS } from './settings-options.ts';

export const SERVE_OPTIONS = {
	kubeconfig: {
		...text('a file'),
		help: 'Cluster to serve. Without it: the one we run in, else the default kubeconfig.',
		fallback: undefined,
	},
	'webhook-port': {
		...wholeNumber(0, 65535),
		help: 'HTTPS port of /mutate and /validate; 0 takes a free one.',
		fallback: '8443',
	},
	'metrics-port': {
		...wholeNumber(0, 65535),
		help: 'HTTP port of /livez, /readyz and /metrics; 0 takes a free one.',
		fallback: '8080',
	},
	'tls-dir': {
		...text('a folder'),
		help: 'Folder with tls.crt and tls.key; changed files are picked up. Without it: a Secret that the leader fills, in a pod.',
		fallback: undefined,
	},
	...SETTINGS_OPTIONS,
	'drain-seconds': {
		...wholeNumber(0, 3600),
		help: 'How long requests are still served after SIGTERM.',
		fallback: '10',
	},
	'max-in-flight': {
		...wholeNumber(1, 100_000),
		help: 'Requests at one time; more are sent elsewhere with 503.',
		fallback: '200',
	},
	'leader-elect': {
		...oneOf('true', 'false'),
		help: 'Reconcile and renew certificates only while holding the Lease; false for a single replica.',
		fallback: 'true',
	},
	reconcile: {
		...oneOf('true', 'false'),
		help: 'Reconcile at all; false leaves the webhooks alone.',
		fallback: 'true',
	},
	'namespace-label': {
		...label,
		help: 'Reconcile only in namespaces with this label. The registrations must ask for it as well.',
		fallback: undefined,
	},
	'exclude-namespaces': {
		...commaList('a comma list of namespaces'),
		help: 'Never reconcile in these. The registrations must leave them out as well.',
		fallback: undefined,
	},
	'settle-seconds': {
		...wholeNumber(0, 3600),
		help: 'How long an operator has to do something itself before the reconciler does it.',
		fallback: '10',
	},
	'rollouts-per-minute': {
		...wholeNumber(1, 10_000),
		help: 'How many proxies may be rolled in a minute to bring them up to date.',
		fallback: '20',
	},
	'log-level': { ...oneOf('debug', 'info', 'warn', 'error'), help: 'Least important lines to log.', fallback: 'info' },
} as const;
