/** The settings that decisions depend on; the flags of SPEC.md 9 fill them. */
import { DEFAULT_OPERATOR_USERNAME } from '../api/names.ts';
import { DEFAULT_GRACE_PERIOD_SECONDS } from './grace-period.ts';
import { DEFAULT_PRE_STOP_SECONDS } from './pre-stop.ts';

export interface Settings {
	readonly gracePeriodSeconds: number;
	/** 0: preStop is not added. */
	readonly preStopSeconds: number;
	/** Where the Redis password variable is put: on the Deployment, or on its Pods when they are created. */
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
