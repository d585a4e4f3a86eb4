/**
 * Reads the flags and environment variables of a command from one table. Commander splits command lines and prints the
 * help.
 */
import { Command, Option as CommanderOption } from 'commander';
import { printable } from '../api/printable.ts';

/** One flag. The environment variable of a flag is `THV_SCALING_` and the flag's name in capitals. */
export interface Option<T> {
	/** The allowed values in words, for the help and for error messages. */
	readonly allowed: string;
	readonly help: string;
	/** The default value. Undefined means that the option has no default. */
	readonly fallback?: string;
	/** The one-letter form of the flag, such as `o` for `-o`. */
	readonly short?: string;
	/** Whether the flag has the forms `--flag`, `--no-flag`, `--flag=true` and `--flag=false`. */
	readonly isBoolean?: true;
	/** Returns the value of `text`, or undefined if that value is not allowed. */
	readonly parse: (text: string) => T | undefined;
}

type Type<T> = Omit<Option<T>, 'help'>;

/**
 * A mistake on the command line or in a file that the user named. The message of this error is printed without a stack
 * trace.
 */
export class UsageError extends Error {}

const ENVIRONMENT_PREFIX = 'THV_SCALING_';

export const environmentName = (flag: string): string => ENVIRONMENT_PREFIX + flag.replaceAll('-', '_').toUpperCase();

/** Rejects text that begins with `-`: most likely the value is missing, and the text is the next flag. */
export const text = (allowed: string): Type<string> => ({
	allowed,
	parse: (value) => (value === '' || value.startsWith('-') ? undefined : value),
});

export const wholeNumber = (lowest: number, highest: number): Type<number> => ({
	allowed: `a whole number from ${lowest} to ${highest}`,
	parse: (value) =>
		/^\d{1,10}$/.test(value) && Number(value) >= lowest && Number(value) <= highest ? Number(value) : undefined,
});

export const oneOf = <T extends string>(...values: readonly T[]): Type<T> => ({
	allowed: values.join(' or '),
	parse: (value) => values.find((one) => one === value),
});

export const boolean: Type<boolean> & { readonly fallback: string } = {
	allowed: 'true or false',
	parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
	isBoolean: true,
	fallback: 'false',
};

export const label: Type<{ readonly key: string; readonly value: string }> = {
	allowed: 'a label such as toolhive-scaling/enabled=true',
	parse: (given) => {
		const [, key, value] = /^([A-Za-z0-9][\w./-]*)=([\w.-]*)$/.exec(given) ?? [];
		return key === undefined || value === undefined ? undefined : { key, value };
	},
};

export const commaList = (allowed: string): Type<readonly string[]> => ({
	allowed,
	parse: (value) => {
		const items = value.split(',').flatMap((item) => item.trim() || []);
		return items.length > 0 ? items : undefined;
	},
});

// biome-ignore lint/suspicious/noExplicitAny: the table holds options of every type
export type Table = Readonly<Record<string, Option<any>>>;
export type Values<T extends Table> = {
	readonly [K in keyof T]: T[K] extends Option<infer V>
		? T[K] extends { fallback: string }
			? V
			: V | undefined
		: never;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns a command with the flags of `table` and its help. Throws UsageError for a command line that it cannot parse.
 */
export function createCommand(name: string, table: Table): Command {
	const command = new Command(name).configureOutput({ outputError: () => undefined });
	command.helpOption('-h, --help', 'Print this help.').exitOverride(({ code, exitCode, message }) => {
		// For `help` of an unknown command, commander has already printed the list of commands.
		if (code === 'commander.help' && exitCode !== 0) throw new UsageError('unknown command');
		if (exitCode !== 0) throw new UsageError(printable(message.replace(/^error: /, '')));
	});
	for (const [flag, { allowed, help, fallback, short, isBoolean }] of Object.entries(table)) {
		const dashed = `${short === undefined ? '' : `-${short}, `}--${flag}`;
		const usual = fallback === undefined ? '' : ` (default ${fallback})`;
		// Commander's env() is not used: it treats any value of a boolean as true, and reads only the environment of the
		// process.
		const values = isBoolean ? `Off: --no-${flag}` : `Allowed: ${allowed}`;
		const description = `${help} ${values}${usual}. Variable: ${environmentName(flag)}.`;
		command.option(isBoolean ? dashed : `${dashed} <value>`, description);
		if (isBoolean) command.addOption(new CommanderOption(`--no-${flag}`).hideHelp());
	}
	return command;
}

/**
 * Rewrites booleans into the form that commander reads: `--flag=true` becomes `--flag`, and `--flag=false` becomes
 * `--no-flag`.
 */
export function withPlainBooleans(args: readonly string[], table: Table): string[] {
	const end = args.indexOf('--');
	return args.map((arg, index) => {
		const [, flag = '', value] = /^--([a-z-]+)=(.*)$/s.exec(arg) ?? [];
		if (!table[flag]?.isBoolean || (end !== -1 && index > end)) return arg;
		if (table[flag].parse(value ?? '') === undefined) throw notAllowed(`--${flag}`, value ?? '', table[flag]);
		return value === 'true' ? `--${flag}` : `--no-${flag}`;
	});
}

const notAllowed = (name: string, value: string, { allowed }: Option<unknown>): UsageError =>
	new UsageError(`${name} is ${JSON.stringify(value)}; allowed: ${allowed}`);

/**
 * Returns the values of `table` from the flags in `command`, else from `environment`, else the defaults. Throws
 * UsageError.
 */
export function valuesOf<T extends Table>(table: T, command: Command, environment: Environment): Values<T> {
	const values: Record<string, unknown> = {};
	for (const [flag, option] of Object.entries(table)) {
		const name = environmentName(flag);
		const fromFlag = command.getOptionValue(new CommanderOption(`--${flag}`).attributeName());
		const given = fromFlag ?? environment[name] ?? option.fallback;
		if (given === undefined) continue;
		const value = option.parse(String(given));
		if (value === undefined) throw notAllowed(fromFlag === undefined ? name : `--${flag}`, given, option);
		values[flag] = value;
	}
	return values as Values<T>;
}

/** Returns the values of `table` for a command that takes only flags. */
export const readOptions = <T extends Table>(table: T, args: readonly string[], environment: Environment): Values<T> =>
	valuesOf(
		table,
		createCommand('', table).helpOption(false).parse(withPlainBooleans(args, table), { from: 'user' }),
		environment,
	);

/** Returns variables with this program's prefix that no option reads, most likely because they are misspelt. */
export const unknownVariables = (table: Table, environment: Environment): string[] => {
	const known = new Set(Object.keys(table).map(environmentName));
	return Object.keys(environment).filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && !known.has(name));
};
