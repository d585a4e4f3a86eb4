/** Describes a part of the input that is not reviewed: its position, the reason, and whether it is an error. */
import { GROUP } from '../api/names.ts';

interface Position {
	readonly file: string;
	/** The line, from 1. Undefined if the problem is about the whole file. */
	readonly line?: number;
	readonly column?: number;
}

/** Input that cannot be read or parsed: exit code 2. */
export interface Problem extends Position {
	readonly problem: string;
}

/**
 * A document or file that does not define a server. This is not an error, because most repositories contain such files.
 */
export interface Skipped extends Position {
	readonly skipped: string;
	/**
	 * Whether the document cannot be parsed, which is an error if the user named the file and it contains no manifest.
	 */
	readonly isBroken?: true;
	/**
	 * Whether the document is a server, or an object of a server, without a name. In a folder it may be a kustomize
	 * patch; in a named file it is an error.
	 */
	readonly isNameless?: true;
}

export const isProblem = (value: object): value is Problem => Object.hasOwn(value, 'problem');
export const isSkipped = (value: object): value is Skipped => Object.hasOwn(value, 'skipped');
export const isUnreviewed = (value: object): value is Problem | Skipped => isProblem(value) || isSkipped(value);

/** Whether a text can be about ToolHive's servers: servers and their objects all name the API group. */
export const mentionsToolhive = (text: string): boolean => text.includes(GROUP);

/** A document that cannot be parsed is an error only if it is about servers. */
export const broken = ({ problem, ...position }: Problem, isAboutServers: boolean): Problem | Skipped =>
	isAboutServers ? { ...position, problem } : { ...position, skipped: problem, isBroken: true };

export const textOfProblem = (one: Problem | Skipped): string => (isSkipped(one) ? one.skipped : one.problem);

/** Returns `file:line:column: ` and the problem, or the reason why the document is skipped. */
export const problemText = (one: Problem | Skipped): string => {
	const position = [one.file, one.line, one.column].filter((part) => part !== undefined).join(':');
	return `${position}: ${isSkipped(one) ? 'skipped: ' : ''}${textOfProblem(one)}`;
};

/** Hint for an error in a text that contains braces of a Go template. */
export const IF_TEMPLATE = 'if this is a Helm template, review the output of `helm template`';

export const NOT_RENDERED = 'it looks like a Helm template that was not rendered; review the output of `helm template`';
