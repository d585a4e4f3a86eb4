/**
 * Parses flags and environment variables. Each line is an argument, or a variable if it has the product's prefix and a
 * `=`.
 */
import { expect } from 'chai';
import { REVIEW_OPTIONS, SERVE_OPTIONS } from '../../../src/cli/flags.ts';
import { createCommand, type Table, UsageError, valuesOf, withPlainBooleans } from '../../../src/cli/options.ts';
import type { Target } from '../target.ts';

const VARIABLE = /^(THV_SCALING_[A-Z_]+)=(.*)$/s;

export const options: Target = {
	name: 'options',
	seeds: () => [
		'--webhook-port=8443\n--leader-elect\nfalse\n',
		'-o\njson\n--strict\n-\nfolder',
		'THV_SCALING_GRACE_PERIOD_SECONDS=30\n--operator-usernames\na,b',
		'--namespace-label=a/b=c\nTHV_SCALING_STRICT=true\n--',
	],
	// For a very large number of arguments, the time of Node's argument parser grows faster than linearly.
	longest: 8 * 1024,
	words: [...Object.keys(SERVE_OPTIONS), ...Object.keys(REVIEW_OPTIONS)].map((flag) => `\n--${flag}=`),
	check: (text) => {
		const lines = text.split('\n');
		const args = lines.filter((line) => !VARIABLE.test(line));
		const environment = Object.fromEntries(
			lines.flatMap((line) => {
				const [, name = '', value = ''] = VARIABLE.exec(line) ?? [];
				return name === '' ? [] : [[name, value]];
			}),
		);
		for (const table of [SERVE_OPTIONS, REVIEW_OPTIONS] as readonly Table[]) checkTable(table, args, environment);
	},
};

function checkTable(table: Table, args: readonly string[], environment: Record<string, string>): void {
	try {
		// Excludes --help, because that flag would end the process.
		const command = createCommand('', table).helpOption(false).argument('[file...]');
		const positionals = command.parse(withPlainBooleans(args, table), { from: 'user' }).args;
		const values = valuesOf(table, command, environment);
		expect(Object.keys(table)).to.include.members(Object.keys(values));
		const given = new Set(args);
		expect(positionals.filter((one) => !given.has(one))).to.deep.equal([]);
		for (const [flag, value] of Object.entries(values)) {
			if (typeof value === 'number') expect(Number.isSafeInteger(value), flag).to.equal(true);
			expect(value, flag).to.not.equal(undefined);
		}
	} catch (error) {
		if (!(error instanceof UsageError)) throw error;
		expect(error.message).to.not.equal('');
		expect(error.message, 'one line').to.not.include('\n');
	}
}
