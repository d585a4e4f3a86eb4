/**
 * Records the accepted writes. The ledger knows the spec that each server must have, and the replica counts that its
 * Deployment may have.
 */
import { isDeepStrictEqual } from 'node:util';
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
	 * The specs that may be stored, with `undefined` for a deleted server. The list has more than one item only while a
	 * response is missing.
	 */
	possible: readonly (Spec | undefined)[];
	/**
	 * The client that changed the replica count in this round. Other clients may change the count again only in the next
	 * round.
	 */
	touchedBy: 'spec' | 'scale' | undefined;
	/** The state at the start of the round, which is followed by the specs written since then. */
	begin: Beginning | undefined;
	since: readonly Spec[];
	readonly history: string[];
}

interface Beginning {
	readonly spec: Spec;
	readonly counts: readonly number[];
	/** Whether the Deployment of the server has not been checked yet. */
	readonly isNew: boolean;
	/** Whether the Deployment has the annotation applied-replicas. */
	readonly isAnnotated: boolean;
}

export interface Stored {
	readonly spec: Spec;
	readonly count: number;
	readonly isAnnotated: boolean;
}

const LONGEST_HISTORY = 30;

export type Ledger = ReturnType<typeof createLedger>;

/**
 * A stdio server has at most one replica. The rule is repeated here, so that the check shares no code with the product.
 */
export const capped = ({ transport }: Spec, count: number): number =>
	transport === 'stdio' ? Math.min(count, 1) : count;

export const replicasIn = ({ replicas }: Spec): number | undefined => replicas as number | undefined;

/**
 * Returns the counts that a Deployment may have while its server has `spec`. A change of `spec.replicas` is applied to
 * the Deployment once. After that, the client that scales the Deployment owns the count. If `spec.replicas` changes
 * several times in quick succession, the product may skip a value.
 */
export function possibleCounts({ begin, since }: Entry, spec: Spec): number[] {
	const desired = replicasIn(spec);
	if (begin === undefined) return [capped(spec, desired ?? 1)];
	const kept = begin.counts.map((count) => capped(spec, count));
	const between = since.slice(0, -1);
	if (desired === undefined) {
		const applied = [...between.flatMap((one) => replicasIn(one) ?? []), ...(begin.isNew ? [1] : [])];
		const all = [...kept, ...applied.map((count) => capped(spec, count))];
		const wasStdio = between.some(({ transport }) => transport === 'stdio');
		return [...all, ...(wasStdio ? all.map((count) => Math.min(count, 1)) : [])];
	}
	const wanted = capped(spec, desired);
	const isSame = (one: Spec): boolean => replicasIn(one) === desired && capped(one, desired) === wanted;
	// A known limit from docs/reliability.md: without the annotation, the next leader overwrites a scale.
	if (isSame(begin.spec)) return begin.isAnnotated && between.every(isSame) ? kept : [...kept, wanted];
	const former = replicasIn(begin.spec);
	return former !== undefined && capped(begin.spec, former) === wanted ? [wanted, ...kept] : [wanted];
}

export function createLedger() {
	const all = new Map<string, Entry>();
	const startedMs = performance.now();
	const note = (entry: Entry, text: string): void => {
		entry.history.push(`${((performance.now() - startedMs) / 1000).toFixed(1)} s ${text}`);
		if (entry.history.length > LONGEST_HISTORY) entry.history.shift();
	};
	const noteWrite = (entry: Entry, isCertain: boolean, text: string): void =>
		note(entry, `${isCertain ? '' : 'perhaps '}${text}`);
	const scaled = (entry: Entry, count: number, isCertain: boolean): void => {
		noteWrite(entry, isCertain, `scaled to ${count}`);
		entry.touchedBy = 'scale';
		if (entry.begin === undefined) return;
		const now = capped(entry.begin.spec, count);
		entry.begin = { ...entry.begin, counts: isCertain ? [now] : [...entry.begin.counts, now] };
	};
	return {
		note,
		scaled,
		entries: (): readonly Entry[] => [...all.values()],
		entry: (kind: Kind, name: string): Entry => {
			const fresh = {
				kind,
				name,
				possible: [undefined],
				touchedBy: undefined,
				begin: undefined,
				since: [],
				history: [],
			};
			const entry: Entry = all.get(`${kind}/${name}`) ?? fresh;
			all.set(`${kind}/${name}`, entry);
			return entry;
		},
		noteAll: (text: string): void => {
			for (const entry of all.values()) note(entry, text);
		},
		/** Records a write. An undefined `spec` means a delete. A write without a response is uncertain. */
		wrote: (entry: Entry, spec: Spec | undefined, isCertain: boolean): void => {
			noteWrite(entry, isCertain, spec === undefined ? 'deleted' : JSON.stringify(spec));
			entry.possible = isCertain ? [spec] : [...entry.possible, spec];
			entry.touchedBy = 'spec';
			if (spec === undefined) {
				if (isCertain) entry.begin = undefined;
			} else if (entry.begin !== undefined) entry.since = [...entry.since, spec];
			else if (isCertain) {
				entry.begin = { spec, counts: [capped(spec, replicasIn(spec) ?? 1)], isNew: true, isAnnotated: false };
				entry.since = [];
			}
		},
		/** Records that the Deployment was deleted. The operator then creates a Deployment with `count` replicas. */
		recreated: (entry: Entry, count: number, isCertain: boolean): void => {
			noteWrite(entry, isCertain, 'without its Deployment');
			scaled(entry, count, isCertain);
			if (entry.begin !== undefined) entry.begin = { ...entry.begin, isAnnotated: false };
		},
		/** Starts a new round. The stored state is known at that time, and every server may be changed again. */
		settle: (stored: (entry: Entry) => Stored | undefined): void => {
			for (const entry of all.values()) {
				const found = stored(entry);
				entry.possible = entry.possible.filter((one) => isDeepStrictEqual(one, found?.spec)).slice(0, 1);
				entry.begin = found && { ...found, counts: [found.count], isNew: false };
				entry.since = [];
				entry.touchedBy = undefined;
			}
		},
	};
}
