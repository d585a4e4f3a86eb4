/** Defines the record of `make matrix` and its tables in docs/operators.md. */
import type { Account } from '../bench/account.ts';
import { table } from '../bench/table.ts';
import { KUBERNETES, OPERATORS, type Versions } from './versions.ts';

export interface Cell extends Versions {
	/** The exact release, such as `v1.30.14`. */
	readonly kubernetesVersion: string;
	readonly date: string;
	readonly seconds: number;
	readonly passed: readonly string[];
	readonly failed: readonly { readonly check: string; readonly message: string }[];
	/** The modules of the operator that were built in another version. */
	readonly replaced?: readonly string[];
}

/** Returns the cells in the order of the matrix. A cell of `newer` replaces the same one of `older`. */
export const mergeCells = (older: readonly Cell[], newer: readonly Cell[]): readonly Cell[] =>
	Object.keys(KUBERNETES).flatMap((kubernetes) =>
		OPERATORS.flatMap((operator) => {
			const versions = { operator, kubernetes };
			return findCell(newer, versions) ?? findCell(older, versions) ?? [];
		}),
	);

const findCell = (cells: readonly Cell[], { operator, kubernetes }: Versions): Cell | undefined =>
	cells.find((cell) => cell.operator === operator && cell.kubernetes === kubernetes);

export const MATRIX: Account<unknown, readonly Cell[]> = {
	name: 'matrix',
	command: 'make matrix',
	page: 'docs/operators.md',
	tables: ({ results }) => [statesOf(results), ...problemsOf(results), ...replacedIn(results)].join('\n\n'),
};

/** Returns a table with one row per Kubernetes version and one column per operator. */
function statesOf(cells: readonly Cell[]): string {
	const rows = Object.keys(KUBERNETES).map((kubernetes) => ({
		Kubernetes: cells.find((cell) => cell.kubernetes === kubernetes)?.kubernetesVersion ?? kubernetes,
		...Object.fromEntries(
			OPERATORS.map((operator) => [`operator ${operator}`, stateOf(findCell(cells, { operator, kubernetes }))]),
		),
	}));
	return table(rows);
}

function stateOf(cell: Cell | undefined): string {
	if (cell === undefined) return 'did not run';
	const { passed, failed, seconds, date } = cell;
	const count = passed.length + failed.length;
	const state = failed.length === 0 ? `${count} passed` : `**${failed.length} of ${count} failed**`;
	return `${state} (${date}, ${seconds} s)`;
}

/** Returns the failures, or nothing if every cell passed. */
function problemsOf(cells: readonly Cell[]): string[] {
	const rows = cells.flatMap(({ operator, kubernetesVersion, failed }) =>
		failed.map(({ check, message }) => ({
			cell: `operator ${operator}, Kubernetes ${kubernetesVersion}`,
			check: inTable(check),
			message: inTable(message),
		})),
	);
	return rows.length === 0 ? [] : [table(rows)];
}

/** Lists the operators that differ from their release. */
function replacedIn(cells: readonly Cell[]): string[] {
	const built = cells.filter(({ replaced = [] }) => replaced.length > 0);
	const operators = OPERATORS.filter((operator) => built.some((cell) => cell.operator === operator));
	if (operators.length === 0) return [];
	const modules = [...new Set(built.flatMap(({ replaced = [] }) => replaced))].map((text) => `- ${text}`);
	const why = 'because the module proxy did not serve the required versions. The operator does not call them:';
	return [`Operators ${operators.join(' and ')} were built with replaced modules, ${why}`, modules.join('\n')];
}

const inTable = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
