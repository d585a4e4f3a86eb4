/** What was written, as the writer knows it: what each server must say now, and how many replicas it may run. */
import { isDeepStrictEqual } from 'node:util';
import type { Kind } from '../../src/api/names.ts';
import type { Json } from '../../src/api/types.ts';

/** The parts of a server's spec that the writer changes; absent ones are not set. */
export type Spec = Json;
export const FIELDS = ['transport', 'replicas', 'backendReplicas', 'sessionStorage'];

export const specIn = (object: Json): Spec => {
	const spec = object['spec'] as Json;
	return Object.fromEntries(FIELDS.flatMap((field) => (Object.hasOwn(spec, field) ? [[field, spec[field]]] : [])));
};

export interface Entry {
	readonly kind: Kind;
	readonly name: string;
	/** Any of these may be stored, `undefined` for gone: more than one only while an answer is missing. */
	possible: (Spec | undefined)[];
	/** Who decided on the count since everything was last right: the other may not until it is again. */
	touchedBy: 'spec' | 'scale' | undefined;
	/** What everything began with, and what was written since. */
	begin: Beginning | undefined;
	since: Spec[];
	/** The latest things that happened to it. */
	readonly history: string[];
}

interface Beginning {
	readonly spec: Spec;
	readonly counts: readonly number[];
	/** Nobody saw its Deployment yet. */
	readonly isNew: boolean;
	/** It says that its wish was carried. */
	readonly isNoted: boolean;
}

const LONGEST_HISTORY = 30;

export interface Ledger {
	readonly entries: () => readonly Entry[];
	readonly entry: (kind: Kind, name: string) => Entry;
	readonly note: (entry: Entry, text: string) => void;
	/** Something happened to all of them. */
	readonly noteAll: (text: string) => void;
	/** `spec` was written, undefined for a delete; not certain where there was no answer. */
	readonly wrote: (entry: Entry, spec: Spec | undefined, isCertain: boolean) => void;
	readonly scaled: (entry: Entry, count: number, isCertain: boolean) => void;
	/** Its Deployment was deleted; the operator makes one anew, which runs so many. */
	readonly remade: (entry: Entry, count: number, isCertain: boolean) => void;
	/** Everything is right: what is stored is what there is, and everything may be changed again. */
	readonly settle: (
		stored: (entry: Entry) => { readonly spec: Spec; readonly count: number; readonly isNoted: boolean } | undefined,
	) => void;
}

/** A stdio server runs at most once. Spelt out here once more on purpose, as all of this. */
export const capped = ({ transport }: Spec, count: number): number =>
	transport === 'stdio' ? Math.min(count, 1) : count;

const wishOf = ({ replicas }: Spec): number | undefined => replicas as number | undefined;

/**
 * The counts that its Deployment may have while the server says `spec`. A wish is carried when it changes; from then on the count is
 * whoever's who scales. Of wishes that followed one another quickly each may have been carried or not.
 */
export function countsOf({ begin, since }: Entry, spec: Spec): number[] {
	const wish = wishOf(spec);
	if (begin === undefined) return [capped(spec, wish ?? 1)];
	const kept = begin.counts.map((count) => capped(spec, count));
	const between = since.slice(0, -1);
	if (wish === undefined) {
		const carried = [...between.flatMap((one) => wishOf(one) ?? []), ...(begin.isNew ? [1] : [])];
		const all = [...kept, ...carried.map((count) => capped(spec, count))];
		const wasStdio = between.some(({ transport }) => transport === 'stdio');
		return [...new Set([...all, ...(wasStdio ? all.map((count) => Math.min(count, 1)) : [])])];
	}
	const wanted = capped(spec, wish);
	const isSame = (one: Spec): boolean => wishOf(one) === wish && capped(one, wish) === wanted;
	// The known limit (docs/reliability.md): without a note, who scales while nobody leads is overruled by who leads next.
	const isKept = begin.isNoted && between.every(isSame);
	if (isSame(begin.spec)) return isKept ? kept : [...kept, wanted];
	const wasWish = wishOf(begin.spec);
	const isSameCount = wasWish !== undefined && capped(begin.spec, wasWish) === wanted;
	return isSameCount ? [wanted, ...kept] : [wanted];
}

export function createLedger(): Ledger {
	const all = new Map<string, Entry>();
	const startedMs = performance.now();
	const note = (entry: Entry, text: string): void => {
		entry.history.push(`${((performance.now() - startedMs) / 1000).toFixed(1)} s ${text}`);
		if (entry.history.length > LONGEST_HISTORY) entry.history.shift();
	};
	const counted = (entry: Entry, count: number, isCertain: boolean): void => {
		entry.touchedBy = 'scale';
		if (entry.begin === undefined) return;
		const now = capped(entry.begin.spec, count);
		entry.begin = { ...entry.begin, counts: isCertain ? [now] : [...entry.begin.counts, now] };
	};
	return {
		entries: () => [...all.values()],
		entry: (kind, name) => {
			const key = `${kind}/${name}`;
			const fresh = {
				kind,
				name,
				possible: [undefined],
				touchedBy: undefined,
				begin: undefined,
				since: [],
				history: [],
			};
			const entry: Entry = all.get(key) ?? fresh;
			all.set(key, entry);
			return entry;
		},
		note,
		noteAll: (text) => {
			for (const entry of all.values()) note(entry, text);
		},
		wrote: (entry, spec, isCertain) => {
			note(entry, `${isCertain ? '' : 'perhaps '}${spec === undefined ? 'gone' : JSON.stringify(spec)}`);
			entry.possible = isCertain ? [spec] : [...entry.possible, spec];
			entry.touchedBy = 'spec';
			if (spec === undefined && isCertain) entry.begin = undefined;
			if (spec === undefined) return;
			if (entry.begin !== undefined) entry.since.push(spec);
			else if (isCertain) {
				entry.begin = { spec, counts: [capped(spec, wishOf(spec) ?? 1)], isNew: true, isNoted: false };
				entry.since = [];
			}
		},
		scaled: (entry, count, isCertain) => {
			note(entry, `${isCertain ? '' : 'perhaps '}scaled to ${count}`);
			counted(entry, count, isCertain);
		},
		remade: (entry, count, isCertain) => {
			note(entry, `${isCertain ? '' : 'perhaps '}without its Deployment`);
			counted(entry, count, isCertain);
			if (entry.begin !== undefined) entry.begin = { ...entry.begin, isNoted: false };
		},
		settle: (stored) => {
			for (const entry of all.values()) {
				const found = stored(entry);
				entry.possible = entry.possible.filter((one) => isDeepStrictEqual(one, found?.spec)).slice(0, 1);
				entry.begin =
					found === undefined
						? undefined
						: { spec: found.spec, counts: [found.count], isNew: false, isNoted: found.isNoted };
				entry.since = [];
				entry.touchedBy = undefined;
			}
		},
	};
}
