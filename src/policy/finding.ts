/** The types of rules: what a rule may read, and what it reports. */
import type { Version } from '../api/images.ts';
import type { Kind } from '../api/names.ts';
import type { Autoscaler, Json, ProxyDeployment, RunConfigSummary, Server, ServerRef } from '../api/types.ts';

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
export interface ClusterContext {
	readonly deployment?: Partial<ProxyDeployment> | undefined;
	readonly runConfig?: Pick<RunConfigSummary, 'redisTls'> | undefined;
	/** Of the proxy Deployment, the backend StatefulSet, or the server itself: whatever targets the server's name. */
	readonly autoscalers?: readonly Autoscaler[];
	/** Other servers that write into the same key space of the same Redis. */
	readonly sharesKeySpaceWith?: readonly ServerRef[];
	/** The oldest release of ToolHive that can be meant, where no image tells the version. */
	readonly oldestRelease?: Version | undefined;
}

export interface Subject {
	readonly server: Server;
	/** The server before an UPDATE. */
	readonly before?: Server | undefined;
	readonly surroundings: ClusterContext;
}

/** What the proxy's ConfigMap has, as it is after a write. */
export interface ConfigSubject {
	readonly server: Server;
	readonly surroundings: ClusterContext;
	readonly isReadable: boolean;
	readonly hasTls: boolean;
	/** The vMCP image would reject the section, so it was not written. */
	readonly isRefusedByImage: boolean;
}

export type Text = Omit<Finding, 'id'>;
export type Problem = Omit<Violation, 'id'>;
export type Check = (subject: Subject) => Text | undefined;

interface Advice {
	/** Stable name, also what `toolhive-scaling/ignore` takes. */
	readonly id: string;
	/** The condition in words; for docs/rules.md. */
	readonly when: string;
	readonly why: string;
	readonly fix: string;
}

/** Evaluated where its text is a function: for a server, for a count written to its Deployment, for its ConfigMap. */
export interface Warning extends Advice {
	readonly severity: 'warn';
	readonly onServer?: Check;
	readonly onScale?: (server: Server, asked: number) => Text | undefined;
	readonly onConfig?: (subject: ConfigSubject) => Text | undefined;
}

/** Nothing silences it. `fields`: the scaling fields of `spec` as they were sent, without nulls. */
export interface Denial extends Advice {
	readonly severity: 'deny';
	readonly check: (fields: Json, kind: Kind) => readonly Problem[];
}

export type Rule = Denial | Warning;
