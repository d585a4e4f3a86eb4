/** Generates the tables of docs/flags.md from the flag tables of the commands, for `make golden`. */
import { DOCTOR_OPTIONS, REVIEW_OPTIONS, SERVE_OPTIONS } from '../src/cli/flags.ts';
import { environmentName, type Option, type Table } from '../src/cli/options.ts';

/** The flags of every command, in the order of `thv-scaling --help`. Tests compare the documents with this table. */
export const FLAGS: Readonly<Record<string, Table>> = {
	serve: SERVE_OPTIONS,
	review: REVIEW_OPTIONS,
	crds: {},
	doctor: DOCTOR_OPTIONS,
};

export const flagsText = (): string =>
	Object.entries(FLAGS)
		.map(([command, table]) => [`## ${command}`, '', ...tableOf(command, table), ''].join('\n'))
		.join('\n');

function tableOf(command: string, table: Table): string[] {
	const options = Object.entries(table);
	if (options.length === 0) return [`\`thv-scaling ${command}\` has no flags except \`--help\`.`];
	return ['| flag | default | allowed | meaning |', '|---|---|---|---|', ...options.map(rowOf)];
}

function rowOf([flag, option]: [string, Option<unknown>]): string {
	const { allowed, help, fallback, short } = option;
	const names = short === undefined ? `\`--${flag}\`` : `\`--${flag}\`, \`-${short}\``;
	const usual = fallback === undefined ? '' : `\`${fallback}\``;
	return `| ${names}<br>\`${environmentName(flag)}\` | ${usual} | ${allowed} | ${help} |`;
}
