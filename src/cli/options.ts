/** Flags and environment of a command: one table, checked once, and the help text that is made from it. */
import { parseArgs } from 'node:util';

/** One flag. The environment name is the flag in capitals with `THV_SCALING_` before it. */
export interface Option<T> {
	/** What is allowed, in words, for help and errors. */
	readonly allowed: string;
	readonly help: string;
	/** Undefined: no value unless one is given. */
	readonly fallback: string | undefined;
	/** One letter that may stand for the flag, after one dash. */
	readonly short?: string;
	/** Given without a value, which then is `true`. */
	readonly isSwitch?: true;
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

/** On or off; as a flag it stands alone. */
export const toggle: Omit<Option<boolean>, 'help' | 'fallback'> & { readonly fallback: string } = {
	allowed: 'true or false',
	parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
	isSwitch: true,
	fallback: 'false',
};

/** A label as a selector has it. */
export const label: Pick<Option<{ readonly key: string; readonly value: string }>, 'allowed' | 'parse'> = {
	allowed: 'a label such as toolhive-scaling/enabled=true',
	parse: (given) => {
		const [, key, value] = /^([A-Za-z0-9][\w./-]*)=([\w.-]*)$/.exec(given) ?? [];
		return key === undefined || value === undefined ? undefined : { key, value };
	},
};

export const commaList = (allowed: string): Pick<Option<readonly string[]>, 'allowed' | 'parse'> => ({
	allowed,
	parse: (value) => {
		const items = value.split(',').flatMap((item) => item.trim() || []);
		return items.length > 0 ? items : undefined;
	},
});

// biome-ignore lint/suspicious/noExplicitAny: the table holds options of every type
export type Table = Readonly<Record<string, Option<any>>>;
export type Values<T extends Table> = {
	readonly [K in keyof T]: T[K] extends Option<infer V> ? (T[K]['fallback'] extends string ? V : V | undefined) : never;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** As readCommandLine, for a command that takes nothing but flags. */
export const readOptions = <T extends Table>(table: T, args: readonly string[], environment: Environment): Values<T> =>
	readCommandLine(table, args, environment, false).options;

/**
 * The values of `table` from flags, else environment, else fallbacks, and what stands between the flags. Throws UsageError,
 * which names the variable.
 */
export function readCommandLine<T extends Table>(
	table: T,
	args: readonly string[],
	environment: Environment,
	allowPositionals = true,
): { options: Values<T>; positionals: readonly string[] } {
	const { values: flags, positionals } = parseFlags(table, args, allowPositionals);
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
	return { options: values as Values<T>, positionals };
}

/** Variables with our prefix that no option reads: most likely misspelt. */
export const unknownVariables = (table: Table, environment: Environment): string[] => {
	const known = new Set(Object.keys(table).map(environmentName));
	return Object.keys(environment).filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && !known.has(name));
};

function parseFlags(
	table: Table,
	args: readonly string[],
	allowPositionals: boolean,
): { values: Readonly<Record<string, string | undefined>>; positionals: readonly string[] } {
	const options = Object.fromEntries(
		Object.entries(table).map(([flag, { isSwitch, short }]) => [
			flag,
			{ type: isSwitch ? ('boolean' as const) : ('string' as const), ...(short !== undefined && { short }) },
		]),
	);
	try {
		const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals });
		// Of `-q-s` Node makes `-q`, the `--` that ends all flags, and a file `-s`.
		const given = new Set(args);
		const made = positionals.find((one) => !given.has(one));
		if (made !== undefined) throw new Error(`Unknown option '${args.find((one) => one.endsWith(made)) ?? made}'`);
		const texts = Object.entries(values).map(([flag, value]) => [flag, String(value)]);
		return { values: Object.fromEntries(texts), positionals };
	} catch (error) {
		// Node goes on with what to do about a positional that begins with a dash, which nobody meant.
		throw new UsageError((error as Error).message.split(/\n|\. /)[0]);
	}
}

/** One paragraph per flag. */
export function describeOptions(table: Table): string {
	return Object.entries(table)
		.map(([flag, { allowed, help, fallback, short, isSwitch }]) => {
			const usual = fallback === undefined || isSwitch ? '' : ` (default ${fallback})`;
			const how = isSwitch ? `no value; or ${environmentName(flag)}=true` : `${allowed}; or ${environmentName(flag)}`;
			return `  ${short === undefined ? '' : `-${short}, `}--${flag}${usual}\n      ${help}\n      ${how}`;
		})
		.join('\n');
}
