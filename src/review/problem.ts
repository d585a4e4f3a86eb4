/** Something in the input that cannot be read or understood: where, what, and what to do about it. */
export interface Problem {
	readonly file: string;
	/** From 1; absent where it is about the whole file. */
	readonly line?: number;
	readonly column?: number;
	readonly problem: string;
}

export const isProblem = (value: object): value is Problem => Object.hasOwn(value, 'problem');

/** `file:line:column: what is wrong` */
export const problemText = ({ file, line, column, problem }: Problem): string =>
	`${[file, line, column].filter((part) => part !== undefined).join(':')}: ${problem}`;

/** Said behind what is wrong, where braces of Go's templates may be the reason. */
export const IF_TEMPLATE = 'if this is a Helm template, review what `helm template` prints';

/** Said where they certainly are. */
export const NOT_RENDERED = 'it looks like a Helm template that was not rendered; review what `helm template` prints';
