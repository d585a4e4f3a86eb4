/** What a rule says about a server, and what it may look at. Plain data. */
import type { Version } from '../toolhive/images.ts';
import type { Autoscaler, ProxyDeployment, RunConfigSummary, Server, ServerRef } from '../toolhive/types.ts';

/** A warning: never the reason of a denial. */
export interface Finding {
	/** Stable name, also what `toolhive-scaling/ignore` takes. */
	readonly id: string;
	/** Path of the field it is about, such as `spec.replicas`. */
	readonly field: string;
	readonly message: string;
}

/** A reason to deny. Let through on UPDATE when none of `parts` (paths below `spec`) changed: see admission/validate.ts. */
export interface Violation {
	/** Stable name. Nothing silences it. */
	readonly id: string;
	readonly field: string;
	readonly message: string;
	readonly parts: readonly (readonly string[])[];
	/** The rule could not be evaluated on this value. A denial all the same. */
	readonly isUnevaluated?: boolean;
}

/** What is known around a server. Everything may be unknown: a rule that needs it then says nothing. */
export interface Surroundings {
	readonly deployment?: Partial<ProxyDeployment> | undefined;
	readonly runConfig?: Pick<RunConfigSummary, 'redisTls'> | undefined;
	/** Of the proxy Deployment, the backend StatefulSet, or the server itself: whatever targets the server's name. */
	readonly autoscalers?: readonly Autoscaler[];
	/** Other servers that write into the same key space of the same Redis. */
	readonly sharing?: readonly ServerRef[];
	/** The oldest release of ToolHive that can be meant, where no image tells the version. */
	readonly oldestRelease?: Version | undefined;
}

export interface Subject {
	readonly server: Server;
	/** The server before an UPDATE. */
	readonly before?: Server | undefined;
	readonly surroundings: Surroundings;
}

export type Rule = (subject: Subject) => Finding | undefined;
