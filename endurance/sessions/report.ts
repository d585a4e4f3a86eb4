/** The table of `make e2e-sessions` in docs/operations.md. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';
import type { Counted } from './load.ts';

export interface SessionsOptions {
	readonly toolhive: string;
	readonly kubernetes: string;
	readonly proxies: number;
	readonly atLeast: number;
}

export interface Measured extends Counted {
	readonly scenario: string;
	readonly operator: string;
	readonly hasProduct: boolean;
}

export const SESSIONS: Account<SessionsOptions, readonly Measured[]> = {
	name: 'sessions',
	command: 'make e2e-sessions',
	page: 'docs/operations.md',
	tables: ({ options, results }) =>
		[
			`ToolHive ${options.toolhive} (operator and runner), Kubernetes ${options.kubernetes}; Redis with a password, one backend, ` +
				`${options.proxies} proxies, \`sessionAffinity: None\`, at least ${options.atLeast} requests for each figure.`,
			...[...Map.groupBy(results, ({ operator }) => operator)].map(([operator, rows]) =>
				[`With ${operator}:`, tableOf(rows)].join('\n\n'),
			),
		].join('\n\n'),
};

function tableOf(rows: readonly Measured[]): string {
	const scenarios = [...new Set(rows.map(({ scenario }) => scenario))];
	const of = (scenario: string, hasProduct: boolean): Measured | undefined =>
		rows.find((row) => row.scenario === scenario && row.hasProduct === hasProduct);
	return table(
		scenarios.map((scenario) => {
			const [without, product] = [of(scenario, false), of(scenario, true)];
			return {
				'while clients call': scenario,
				'failed / sent, without the product': failedText(without),
				'with it': failedText(product),
				'sessions kept, without': keptText(without),
				'sessions kept, with it': keptText(product),
			};
		}),
	);
}

function failedText(measured: Measured | undefined): string {
	if (measured === undefined) return '';
	const { failed, closing, sent } = measured;
	return `${failed}${closing > 0 ? ` (${closing} on a connection that was being closed)` : ''} / ${sent}`;
}

/** Of a session that is kept without its state, the client starts again without a word. */
const keptText = (measured: Measured | undefined): string => {
	if (measured === undefined) return '';
	const { sessions, sessionsKept, stateKept } = measured;
	const text = `${sessionsKept} of ${sessions}`;
	return stateKept === sessionsKept ? text : `${text}, ${stateKept} with state`;
};
