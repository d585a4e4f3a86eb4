/** Flags and environment of a command: one table, checked once, and the help text that is made from it. */
import { parseArgs } from 'node:util';

/** One flag. The environment name is the flag in capitals with `THV_SCALING_` before it. */
export interface Option<T> {
	/** What is allowed, in words, for help and errors. */
	readonly allowed: string;
	readonly help: string;
	/** Undefined: no value unless one is given. */
	readonly fallback: string | undefined;
	/** The value in `text`, undefined where it is not allowed. */
	readonly parse: (text: string) => T | undefined;
}

/** Something the caller typed that cannot be used. The message is for them, as it is. */
export class UsageError extends Error {}

const ENVIRONMENT_PREFIX = 'THV_SCALING_';

export const environmentName = (flag: string): string => ENVIRONMENT_PREFIX + flag.replaceAll('-', '_').toUpperCase();

export const text = (allowed: string): Pick<Option<string>, 'allowed' | 'parse'> => ({
	allowed,
	parse: (value) => value || undefined,
});

export const wholeNumber = (lowest: number, highest: number): Pick<Option<number>, 'allowed' | 'parse'> => ({
	allowed: `a whole number from ${lowest} to ${highest}`,
	parse: (value) =>
		/^\d{1,10}$/.test(value) && Number(value) >= lowest && Number(value) <= highest ? Number(value) : undefined,
});

export const oneOf = <T extends string>(...values: readonly T[]): Pick<Option<T>, 'allowed' | 'parse'> => ({
	allowed: values.join(' or '),
	parse: (value) => values.find((one) => one === value),
});

export const commaList = (allowed: string): Pick<Option<readonly string[]>, 'allowed' | 'parse'> => ({
	allowed,
	parse: (value) => {
		const items = value.split(',').flatMap((item) => item.trim() || []);
		return items.length > 0 ? items : undefined;
	},
});

// biome-ignore lint/suspicious/noExplicitAny: the table holds options of every type
type Table = Readonly<Record<string, Option<any>>>;
export type Values<T extends Table> = {
	readonly [K in keyof T]: T[K] extends Option<infer V> ? (T[K]['fallback'] extends string ? V : V | undefined) : never;
};

/** The values of `table` from flags, else environment, else fallbacks. Throws UsageError, which names the variable. */
export function readOptions<T extends Table>(
	table: T,
	args: readonly string[],
	environment: Readonly<Record<string, string | undefined>>,
): Values<T> {
	const flags = parseFlags(table, args);
	const values: Record<string, unknown> = {};
	for (const [flag, option] of Object.entries(table)) {
		const name = environmentName(flag);
		const fromFlag = flags[flag];
		const given = fromFlag ?? environment[name] ?? option.fallback;
		if (given === undefined) continue;
		const value = option.parse(given);
		if (value === undefined) {
			const where = fromFlag === undefined ? name : `--${flag}`;
			throw new UsageError(`${where} is ${JSON.stringify(given)}; allowed: ${option.allowed}`);
		}
		values[flag] = value;
	}
	return values as Values<T>;
}

/** Variables with our prefix that no option reads: most likely misspelt. */
export const unknownVariables = (table: Table, environment: Readonly<Record<string, string | undefined>>): string[] => {
	const known = new Set(Object.keys(table).map(environmentName));
	return Object.keys(environment).filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && !known.has(name));
};

function parseFlags(table: Table, args: readonly string[]): Readonly<Record<string, string | undefined>> {
	const options = Object.fromEntries(Object.keys(table).map((flag) => [flag, { type: 'string' as const }]));
	try {
		return parseArgs({ args: [...args], options, allowPositionals: false }).values;
	} catch (error) {
		throw new UsageError((error as Error).message.split('\n')[0]);
	}
}

/** One paragraph per flag. */
export function describeOptions(table: Table): string {
	return Object.entries(table)
		.map(([flag, { allowed, help, fallback }]) => {
			const usual = fallback === undefined ? '' : ` (default ${fallback})`;
			return `  --${flag}${usual}\n      ${help}\n      ${allowed}; or ${environmentName(flag)}`;
		})
		.join('\n');
}
