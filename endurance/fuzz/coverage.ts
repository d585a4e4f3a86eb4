/**
 * Which code of `src` has run so far, as V8 itself sees it. The usual fuzzer for JavaScript, jazzer.js 4.0.0, brings a program that wants
 * glibc 2.38, which Debian 12 and Ubuntu 22.04 do not have; this needs Node and nothing else.
 */
import { type Profiler, Session } from 'node:inspector';

export interface Coverage {
	/** Whether code has run since it was asked last that had not run before; to be remembered, or only to know. */
	readonly hasGrown: (isRemembered: boolean) => boolean;
	/** Characters of code that ran. */
	readonly reached: () => number;
	readonly stop: () => void;
}

type Range = readonly [start: number, end: number];

const OURS = new URL('../../src/', import.meta.url).href;

export function startCoverage(ours = OURS): Coverage {
	/** How much ran of each function that was called, and what did not. V8 joins blocks that ran equally often, so only this is always told alike. */
	const dark = new Map<string, { readonly length: number; readonly ranges: readonly Range[] }>();
	const session = new Session();
	session.connect();
	session.post('Profiler.enable');
	session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

	const take = (): readonly Profiler.ScriptCoverage[] => {
		let scripts: readonly Profiler.ScriptCoverage[] = [];
		// The session of one's own thread answers at once.
		session.post('Profiler.takePreciseCoverage', (error, { result }) => {
			if (error !== null) throw error;
			scripts = result;
		});
		return scripts.filter(({ url }) => url.startsWith(ours));
	};
	const isNew = (url: string, { ranges }: Profiler.FunctionCoverage, isRemembered: boolean): boolean => {
		const [whole, ...inner] = ranges;
		if (whole === undefined || whole.count === 0) return false;
		const key = `${url}:${whole.startOffset}:${whole.endOffset}`;
		const before = dark.get(key);
		const now = inner.flatMap(({ startOffset, endOffset, count }): Range[] =>
			count === 0 ? [[startOffset, endOffset]] : [],
		);
		const left = before === undefined ? now : common(before.ranges, now);
		const length = left.reduce((sum, [start, end]) => sum - (end - start), whole.endOffset - whole.startOffset);
		if (isRemembered) dark.set(key, { length, ranges: left });
		return length !== before?.length;
	};
	take();
	return {
		hasGrown: (isRemembered) =>
			take().flatMap(({ url, functions }) => functions.filter((one) => isNew(url, one, isRemembered))).length > 0,
		reached: () => [...dark.values()].reduce((sum, { length }) => sum + length, 0),
		stop: () => session.disconnect(),
	};
}

const common = (some: readonly Range[], others: readonly Range[]): Range[] =>
	some.flatMap(([start, end]) =>
		others.flatMap(([from, to]): Range[] =>
			Math.max(start, from) < Math.min(end, to) ? [[Math.max(start, from), Math.min(end, to)]] : [],
		),
	);
