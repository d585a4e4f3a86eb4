/** The types of rules: what a rule may read, and what it reports. */
import type { Version } from '../api/images.ts';
import type { Kind } from '../api/names.ts';
import type { Autoscaler, Json, ProxyDeployment, RunConfigSummary, Server, ServerRef } from '../api/types.ts';

/** A warning or, as a Violation, a reason to deny. */
export interface Finding {
	/** Of the rule. Stable: `toolhive-scaling/ignore` takes the ids of warnings. */
	readonly id: string;
	/** Path of the field it is about, such as `spec.replicas`. */
	readonly field: string;
	readonly message: string;
}

/** A reason to deny. An UPDATE that changes none of `parts` (paths below `spec`) passes: see admission/validate.ts. */
export interface Violation extends Finding {
	readonly parts: readonly (readonly string[])[];
	/** The rule could not be evaluated on this value, which is also a denial. */
	readonly isUnevaluated?: boolean;
}

/** A status condition of a server. Types, reasons and messages are upstream ToolHive's (v0.13.0). */
export interface Condition {
	readonly type: string;
	readonly status: 'True' | 'False';
	readonly reason: string;
	readonly message: string;
	/** Changes an existing condition and never creates one. */
	readonly isOnlyIfPresent?: true;
}

/** What is known of the cluster around a server. A rule that needs something unknown reports nothing. */
export interface ClusterContext {
	readonly deployment?: Partial<ProxyDeployment> | undefined;
	readonly runConfig?: Pick<RunConfigSummary, 'redisTls'> | undefined;
	/** All that target the server's name: its Deployment, its StatefulSet, or the server itself. */
	readonly autoscalers?: readonly Autoscaler[];
	/** Other servers that write into the same key space of the same Redis. */
	readonly sharesKeySpaceWith?: readonly ServerRef[];
	/** The oldest release of ToolHive that the server can be for, used if no image has a version. */
	readonly oldestRelease?: Version | undefined;
}

export interface Subject {
	readonly server: Server;
	/** The server before an UPDATE. */
	readonly before?: Server | undefined;
	readonly clusterContext: ClusterContext;
}

/** The proxy's ConfigMap after a write. */
export interface ConfigSubject {
	readonly server: Server;
	readonly clusterContext: ClusterContext;
	readonly isReadable: boolean;
	readonly hasTls: boolean;
	/** The section was not written, because the vMCP image would reject it. */
	readonly isRefusedByImage: boolean;
}

export type Text = Omit<Finding, 'id'>;
export type FieldProblem = Omit<Violation, 'id'>;
export type Check = (subject: Subject) => Text | undefined;

interface Advice {
	readonly id: string;
	/** The condition in words, for docs/rules.md. */
	readonly when: string;
	readonly why: string;
	readonly fix: string;
}

/** Evaluated for a server, for a count written to its Deployment or Scale, and for its ConfigMap. */
export interface Warning extends Advice {
	readonly severity: 'warn';
	readonly onServer?: Check;
	readonly onScale?: (server: Server, requested: number) => Text | undefined;
	readonly onConfig?: (subject: ConfigSubject) => Text | undefined;
}

/** Cannot be silenced. `fields`: the scaling fields of `spec` as they were sent, without nulls. */
export interface Denial extends Advice {
	readonly severity: 'deny';
	readonly check: (fields: Json, kind: Kind) => readonly FieldProblem[];
}

export type Rule = Denial | Warning;
