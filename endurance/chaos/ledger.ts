/** Records the accepted writes: the spec that each server must have, and the replica counts of its Deployment. */
import type { Kind } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';

/** The parts of a server's spec that the writer changes. An unset field is absent. */
export type Spec = Json;
export const FIELDS = ['transport', 'replicas', 'backendReplicas', 'sessionStorage'];

export const specIn = ({ spec }: Json): Spec =>
	Object.fromEntries(Object.entries(spec as Json).filter(([field]) => FIELDS.includes(field)));

export interface Entry {
	readonly kind: Kind;
	readonly name: string;
	/**
	 * Whether other clients scale the Deployment. They own its replica count then, and the spec never changes it. The
	 * count of any other Deployment follows `spec.replicas`.
	 */
	readonly isScaled: boolean;
	/**
	 * The specs that may be stored, with `undefined` for a deleted server. The list has more than one item only while a
	 * response is missing.
	 */
	possible: readonly (Spec | undefined)[];
	/** The counts that a scaled Deployment may have. */
	counts: readonly number[];
	readonly history: string[];
}

const LONGEST_HISTORY = 30;

export type Ledger = ReturnType<typeof createLedger>;

/**
 * Returns the counts that the Deployment of a server with `spec` may have. A stdio server has at most one replica; the
 * rule is repeated here, so that the check shares no code with the product.
 */
export const possibleCounts = ({ isScaled, counts }: Entry, { transport, replicas }: Spec): readonly number[] =>
	isScaled ? counts : [transport === 'stdio' ? Math.min(Number(replicas), 1) : Number(replicas)];

export function createLedger() {
	const entries: Entry[] = [];
	const startedMs = performance.now();
	const note = (entry: Entry, text: string): void => {
		entry.history.push(`${((performance.now() - startedMs) / 1000).toFixed(1)} s ${text}`);
		if (entry.history.length > LONGEST_HISTORY) entry.history.shift();
	};
	return {
		note,
		entries: (): readonly Entry[] => entries,
		add: (kind: Kind, name: string, isScaled: boolean): Entry => {
			const entry: Entry = { kind, name, isScaled, possible: [undefined], counts: [], history: [] };
			entries.push(entry);
			return entry;
		},
		noteAll: (text: string): void => {
			for (const entry of entries) note(entry, text);
		},
		/** Records a write. An undefined `spec` means a delete. A write without a response is uncertain. */
		wrote: (entry: Entry, spec: Spec | undefined, isCertain: boolean): void => {
			note(entry, `${isCertain ? '' : 'perhaps '}${spec === undefined ? 'deleted' : JSON.stringify(spec)}`);
			entry.possible = isCertain ? [spec] : [...entry.possible, spec];
		},
		scaled: (entry: Entry, count: number, isCertain: boolean): void => {
			note(entry, `${isCertain ? '' : 'perhaps '}scaled to ${count}`);
			entry.counts = isCertain ? [count] : [...entry.counts, count];
		},
		/** Starts a new round, in which the state is the stored one. */
		settle: (stored: (entry: Entry) => { readonly spec: Spec; readonly count: number } | undefined): void => {
			for (const entry of entries) {
				const found = stored(entry);
				entry.possible = [found?.spec];
				entry.counts = found === undefined ? [] : [found.count];
			}
		},
	};
}
