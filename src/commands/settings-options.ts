/** The flags that decisions depend on: `serve` and `review` must be given the same to say the same. */
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import { commaList, oneOf, type Values, wholeNumber } from './options.ts';

export const SETTINGS_OPTIONS = {
	'grace-period-seconds': {
		...wholeNumber(0, 86_400),
		help: 'terminationGracePeriodSeconds of proxy Deployments that set none of their own.',
		fallback: String(DEFAULT_SETTINGS.gracePeriodSeconds),
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

export const settingsOf = (options: Values<typeof SETTINGS_OPTIONS>): Settings => ({
	gracePeriodSeconds: options['grace-period-seconds'],
	passwordEnv: options['password-env'],
	runConfigLayout: options['run-config-layout'],
	operatorUsernames: options['operator-usernames'],
});
