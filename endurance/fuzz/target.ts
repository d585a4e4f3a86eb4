/** What is fuzzed: something that takes a text, and what must be true whatever the text is. */
import { expect } from 'chai';

export interface Target {
	readonly name: string;
	/** What it reads, for the table. */
	readonly reads: string;
	/** Good texts to begin with. */
	readonly seeds: () => readonly string[];
	/** Texts that are worth being put anywhere. */
	readonly words?: readonly string[];
	/** Throws where a promise is broken. */
	readonly check: (text: string) => void | Promise<void>;
	/** Longest text worth trying; where the code itself takes no more. */
	readonly longest?: number;
	/** Where the code stands that leads the search, as a URL; without it: `src`. */
	readonly code?: string;
	/** Ends what `check` has started. */
	readonly stop?: () => Promise<void>;
}

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype];
const namesOf = (): string => PROTOTYPES.map((one) => Reflect.ownKeys(one).length).join();
const NAMES = namesOf();

/** One input, with what is true for every target. */
export function tryOne({ check }: Target, text: string): void | Promise<void> {
	const done = check(text);
	if (done instanceof Promise) return done.then(checkPrototypes);
	checkPrototypes();
}

const checkPrototypes = (): void => {
	expect(namesOf(), 'the prototypes that everything shares').to.equal(NAMES);
};

/** The text as JSON, undefined where it is none. */
export function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** What `work` gives, undefined where it throws one of `documented`. Everything else is a finding. */
export function unless<T>(documented: readonly (new (...args: never[]) => Error)[], work: () => T): T | undefined {
	try {
		return work();
	} catch (error) {
		if (documented.some((one) => error instanceof one)) return undefined;
		throw error;
	}
}

/** Nothing in it may steer a terminal, or make the API server drop a warning. */
export const expectPrintable = (text: string): void => {
	expect(text).to.not.match(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
	expect(text.isWellFormed(), text).to.equal(true);
};
