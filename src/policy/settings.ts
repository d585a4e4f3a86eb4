/** The settings that decisions depend on. Flags set these values. */
import { DEFAULT_OPERATOR_USERNAME } from '../api/names.ts';
import { DEFAULT_GRACE_PERIOD_SECONDS } from './grace-period.ts';
import { DEFAULT_PRE_STOP_SECONDS } from './pre-stop.ts';

export interface Settings {
	readonly gracePeriodSeconds: number;
	/** The seconds of the preStop sleep. With 0, no preStop hook is added. */
	readonly preStopSeconds: number;
	/** The object that gets the Redis password variable: the Deployment, or its Pods at their creation. */
	readonly passwordEnv: 'deployment' | 'pod';
	readonly runConfigLayout: 'both' | 'top-level';
	/** The user names that the operator uses. */
	readonly operatorUsernames: readonly string[];
}

export const DEFAULT_SETTINGS: Settings = {
	gracePeriodSeconds: DEFAULT_GRACE_PERIOD_SECONDS,
	preStopSeconds: DEFAULT_PRE_STOP_SECONDS,
	passwordEnv: 'deployment',
	runConfigLayout: 'both',
	operatorUsernames: [DEFAULT_OPERATOR_USERNAME],
};
