/** Generates the table of `make e2e-sessions` in docs/operations.md. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';
import type { Counted } from './load.ts';

interface SessionsOptions {
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
			`ToolHive ${options.toolhive} (operator and runner), Kubernetes ${options.kubernetes}; Redis with a password, ` +
				`one backend, ${options.proxies} proxies, \`sessionAffinity: None\`, ` +
				`at least ${options.atLeast} requests for each figure.`,
			...[...Map.groupBy(results, ({ operator }) => operator)].flatMap(([operator, rows]) => [
				`With ${operator}:`,
				table([...Map.groupBy(rows, ({ scenario }) => scenario)].map(([scenario, both]) => rowOf(scenario, both))),
			]),
		].join('\n\n'),
};

function rowOf(scenario: string, both: readonly Measured[]): Readonly<Record<string, string>> {
	const without = both.find(({ hasProduct }) => !hasProduct);
	const product = both.find(({ hasProduct }) => hasProduct);
	return {
		'while clients call': scenario,
		'failed / sent, without the product': failures(without),
		'with it': failures(product),
		'sessions kept, without': kept(without),
		'sessions kept, with it': kept(product),
	};
}

function failures(measured: Measured | undefined): string {
	if (measured === undefined) return '';
	const { failed, closing, sent } = measured;
	return `${failed}${closing > 0 ? ` (${closing} on a connection that was being closed)` : ''} / ${sent}`;
}

/** If a session is kept without its state, the client starts over and gets no error. */
function kept(measured: Measured | undefined): string {
	if (measured === undefined) return '';
	const { sessions, sessionsKept, stateKept } = measured;
	return `${sessionsKept} of ${sessions}${stateKept === sessionsKept ? '' : `, ${stateKept} with state`}`;
}
