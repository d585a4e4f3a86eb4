/** What is not reviewed: where, why, and whether that is an error. */
import { GROUP } from '../api/names.ts';

interface Position {
	readonly file: string;
	/** From 1; absent if it is about the whole file. */
	readonly line?: number;
	readonly column?: number;
}

/** Input that cannot be read or understood: exit code 2. */
export interface Problem extends Position {
	readonly problem: string;
}

/** A document or file that is not about servers. Not an error, because most repositories contain such files. */
export interface Skipped extends Position {
	readonly skipped: string;
	/** It cannot be parsed. An error if the user named the file and it contains no manifest. */
	readonly isBroken?: true;
	/** A server or an object of one, without a name: in a folder a patch for kustomize, in a named file an error. */
	readonly isNameless?: true;
}

export const isProblem = (value: object): value is Problem => Object.hasOwn(value, 'problem');
export const isSkipped = (value: object): value is Skipped => Object.hasOwn(value, 'skipped');
export const isUnreviewed = (value: object): value is Problem | Skipped => isProblem(value) || isSkipped(value);

/** Whether a text can be about ToolHive's servers: a server and each of its objects names the API group. */
export const mentionsToolhive = (text: string): boolean => text.includes(GROUP);

/** A document that cannot be parsed is an error only if it is about servers. */
export const broken = ({ problem, ...position }: Problem, isAboutServers: boolean): Problem | Skipped =>
	isAboutServers ? { ...position, problem } : { ...position, skipped: problem, isBroken: true };

export const textOfProblem = (one: Problem | Skipped): string => (isSkipped(one) ? one.skipped : one.problem);

/** `file:line:column: the problem`, or why it is skipped */
export const problemText = (one: Problem | Skipped): string => {
	const position = [one.file, one.line, one.column].filter((part) => part !== undefined).join(':');
	return `${position}: ${isSkipped(one) ? 'skipped: ' : ''}${textOfProblem(one)}`;
};

/** Added to an error if the text contains braces of a Go template. */
export const IF_TEMPLATE = 'if this is a Helm template, use what `helm template` prints';

export const NOT_RENDERED = 'it looks like a Helm template that was not rendered; use what `helm template` prints';
