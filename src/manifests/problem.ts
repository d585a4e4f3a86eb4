/** What is not reviewed: where, why, and whether that is an error. */
import { GROUP } from '../api/names.ts';

interface Place {
	readonly file: string;
	/** From 1; absent where it is about the whole file. */
	readonly line?: number;
	readonly column?: number;
}

/** Something in the input that cannot be read or understood: where, what, and what to do about it. Exit code 2. */
export interface Problem extends Place {
	readonly problem: string;
}

/** A document or file that is not about the servers: real repositories are full of them, and none is an error. */
export interface Skipped extends Place {
	readonly skipped: string;
	/** It cannot be parsed. That is an error where the whole file was named and has no manifest. */
	readonly isBroken?: true;
	/** A server, or an object of one, without a name: in a folder a patch for kustomize, in a file that was named an error. */
	readonly isNameless?: true;
}

export const isProblem = (value: object): value is Problem => Object.hasOwn(value, 'problem');

export const isSkipped = (value: object): value is Skipped => Object.hasOwn(value, 'skipped');

export const isUnreviewed = (value: object): value is Problem | Skipped => isProblem(value) || isSkipped(value);

/** Whether a text can be about ToolHive's servers at all: each of them, and all that belongs to one, names the API group. */
export const mentionsToolhive = (text: string): boolean => text.includes(GROUP);

/** What cannot be parsed is an error only if it is about the servers. */
export const broken = ({ problem, ...place }: Problem, isOurs: boolean): Problem | Skipped =>
	isOurs ? { ...place, problem } : { ...place, skipped: problem, isBroken: true };

/** What is wrong, or why it is skipped. */
export const textOfProblem = (one: Problem | Skipped): string => (isSkipped(one) ? one.skipped : one.problem);

/** `file:line:column: what is wrong`, or why it is skipped */
export const problemText = (one: Problem | Skipped): string => {
	const place = [one.file, one.line, one.column].filter((part) => part !== undefined).join(':');
	return `${place}: ${isSkipped(one) ? `skipped: ${one.skipped}` : one.problem}`;
};

/** Said behind what is wrong, where braces of Go's templates may be the reason. */
export const IF_TEMPLATE = 'if this is a Helm template, use what `helm template` prints';

/** Said where they certainly are. */
export const NOT_RENDERED = 'it looks like a Helm template that was not rendered; use what `helm template` prints';
