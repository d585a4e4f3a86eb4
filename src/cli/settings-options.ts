/** The flags that decisions depend on: `serve` and `review` must be given the same to say the same. */
import { shortestGracePeriod } from '../policy/pre-stop.ts';
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import { commaList, oneOf, UsageError, type Values, wholeNumber } from './options.ts';

export const SETTINGS_OPTIONS = {
	'grace-period-seconds': {
		...wholeNumber(0, 86_400),
		help: 'terminationGracePeriodSeconds of proxy Deployments that set none of their own.',
		fallback: String(DEFAULT_SETTINGS.gracePeriodSeconds),
	},
	'pre-stop-seconds': {
		...wholeNumber(0, 86_400),
		help: 'preStop sleep of proxy containers without a lifecycle. 0 adds none; otherwise --grace-period-seconds must be over 30 s longer.',
		fallback: String(DEFAULT_SETTINGS.preStopSeconds),
	},
	'password-env': {
		...oneOf('deployment', 'pod'),
		help: 'Where THV_SESSION_REDIS_PASSWORD is put. pod needs the pod-mode registration.',
		fallback: DEFAULT_SETTINGS.passwordEnv,
	},
	'run-config-layout': {
		...oneOf('both', 'top-level'),
		help: 'Where scaling stands in runconfig.json. Released runners read only scaling_config, which top-level leaves out.',
		fallback: DEFAULT_SETTINGS.runConfigLayout,
	},
	'operator-usernames': {
		...commaList('a comma list of user names'),
		help: 'Who the operator is to the API server; its writes get erased scaling fields back.',
		fallback: DEFAULT_SETTINGS.operatorUsernames.join(','),
	},
} as const;

/** Throws UsageError if values that are allowed each by itself do not fit together. */
export function settingsOf(options: Values<typeof SETTINGS_OPTIONS>): Settings {
	const gracePeriodSeconds = options['grace-period-seconds'];
	const preStopSeconds = options['pre-stop-seconds'];
	const shortest = shortestGracePeriod(preStopSeconds);
	if (gracePeriodSeconds < shortest) {
		const both = `--grace-period-seconds ${gracePeriodSeconds} is too short for --pre-stop-seconds ${preStopSeconds}`;
		throw new UsageError(`${both}: it must be at least ${shortest}, or --pre-stop-seconds 0`);
	}
	return {
		gracePeriodSeconds,
		preStopSeconds,
		passwordEnv: options['password-env'],
		runConfigLayout: options['run-config-layout'],
		operatorUsernames: options['operator-usernames'],
	};
}
