/** The settings that decisions depend on, set by flags. */
import { DEFAULT_OPERATOR_USERNAME } from '../api/names.ts';
import { DEFAULT_GRACE_PERIOD_SECONDS } from './grace-period.ts';
import { DEFAULT_PRE_STOP_SECONDS } from './pre-stop.ts';

export interface Settings {
	readonly gracePeriodSeconds: number;
	/** 0: no preStop is added. */
	readonly preStopSeconds: number;
	/** Which object gets the Redis password variable: the Deployment, or its Pods at their creation. */
	readonly passwordEnv: 'deployment' | 'pod';
	readonly runConfigLayout: 'both' | 'top-level';
	/** User names under which the operator writes. */
	readonly operatorUsernames: readonly string[];
}

export const DEFAULT_SETTINGS: Settings = {
	gracePeriodSeconds: DEFAULT_GRACE_PERIOD_SECONDS,
	preStopSeconds: DEFAULT_PRE_STOP_SECONDS,
	passwordEnv: 'deployment',
	runConfigLayout: 'both',
	operatorUsernames: [DEFAULT_OPERATOR_USERNAME],
};
