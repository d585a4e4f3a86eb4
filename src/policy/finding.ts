/** The types of rules: what a rule reads and what it reports. */
import type { Version } from '../api/images.ts';
import type { Kind } from '../api/names.ts';
import type { Autoscaler, Json, ProxyDeployment, RunConfigSummary, Server, ServerRef } from '../api/types.ts';

/** A warning or, as a Violation, a reason to deny. */
export interface Finding {
	/** The id of the rule. Ids never change, because users list them in `toolhive-scaling/ignore`. */
	readonly id: string;
	/** The path of the field with the problem, such as `spec.replicas`. */
	readonly field: string;
	readonly message: string;
}

/** A reason to deny. An UPDATE that changes none of `parts` (paths below `spec`) passes: see admission/validate.ts. */
export interface Violation extends Finding {
	readonly parts: readonly (readonly string[])[];
	/** Whether the rule could not be evaluated for this value, which also leads to a denial. */
	readonly isUnevaluated?: boolean;
}

/** A status condition of a server, with the types, reasons and messages of ToolHive v0.13.0. */
export interface Condition {
	readonly type: string;
	readonly status: 'True' | 'False';
	readonly reason: string;
	readonly message: string;
	/** Whether the condition only updates an existing one and is never created. */
	readonly isOnlyIfPresent?: true;
}

/** The known facts about the cluster around a server. A rule that needs an unknown fact reports nothing. */
export interface ClusterContext {
	readonly deployment?: Partial<ProxyDeployment> | undefined;
	readonly runConfig?: Pick<RunConfigSummary, 'redisTls'> | undefined;
	/** The autoscalers whose target has the server's name: its Deployment, its StatefulSet, or the server itself. */
	readonly autoscalers?: readonly Autoscaler[];
	/** The other servers that use the same key space of the same Redis. */
	readonly sharesKeySpaceWith?: readonly ServerRef[];
	/** The oldest ToolHive release that supports the server, which the rules use if no image has a version. */
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
	/** Whether the section was omitted, because the vMCP image would reject it. */
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

/** A rule that warns about a server, about a count written to its Deployment or Scale, or about its ConfigMap. */
export interface Warning extends Advice {
	readonly severity: 'warn';
	readonly onServer?: Check;
	readonly onScale?: (server: Server, requested: number) => Text | undefined;
	readonly onConfig?: (subject: ConfigSubject) => Text | undefined;
}

/**
 * A rule that denies. Users cannot silence a denial. `fields` are the scaling fields of `spec` as they were sent,
 * without nulls.
 */
export interface Denial extends Advice {
	readonly severity: 'deny';
	readonly check: (fields: Json, kind: Kind) => readonly FieldProblem[];
}

export type Rule = Denial | Warning;
