/** Defines a target of the search: code that accepts a text, and properties that hold for every text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

export interface Target {
	readonly name: string;
	/** Returns valid texts, which the search edits. */
	readonly seeds: () => readonly string[];
	/** Texts that the search inserts at any position. */
	readonly words?: readonly string[];
	/** Throws if a property does not hold. */
	readonly check: (text: string) => void | Promise<void>;
	/** The maximum length in the search, for code that is not meant for long texts. */
	readonly longest?: number;
	/** Stops the programs that `check` started. */
	readonly stop?: () => Promise<void>;
}

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype];
const namesOnPrototypes = (): string => PROTOTYPES.map((one) => Reflect.ownKeys(one).length).join();
const NAMES = namesOnPrototypes();

/** Checks one input, including the property that every target has. */
export function tryOne({ check }: Target, text: string): void | Promise<void> {
	const done = check(text);
	if (done instanceof Promise) return done.then(checkPrototypes);
	checkPrototypes();
}

const checkPrototypes = (): void => {
	expect(namesOnPrototypes(), 'the prototypes that all objects share').to.equal(NAMES);
};

/** Returns the text as JSON, or undefined if it is not JSON. */
export function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/**
 * Returns the result of `work`, or undefined if it throws one of the `documented` errors. Any other error is a finding.
 */
export function unless<T>(documented: readonly (new (...args: never[]) => Error)[], work: () => T): T | undefined {
	try {
		return work();
	} catch (error) {
		if (documented.some((one) => error instanceof one)) return undefined;
		throw error;
	}
}

/** Expects a text that cannot control a terminal and that cannot make the API server drop a warning. */
export const expectPrintable = (text: string): void => {
	expect(text).to.not.match(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
	expect(text.isWellFormed(), text).to.equal(true);
};

export const fileText = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
