/** The guided search: texts that make code run which no other made run are kept, and changed further. */
import { changed } from './change.ts';
import { startCoverage } from './coverage.ts';
import { type Found, failureOf, signatureOf, smaller } from './failure.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

export interface Explored {
	readonly runs: number;
	readonly seconds: number;
	/** Characters of code in `src` that the seeds reached, and that were reached in the end. */
	readonly reachedBySeeds: number;
	readonly reached: number;
	/** Texts worth keeping, the seeds among them. */
	readonly corpus: readonly string[];
	readonly found: readonly Found[];
}

/** Asking V8 costs as much as a hundred small runs, so it is asked for so many at once. */
const BATCH = 64;
const LONGEST = 16 * 1024;

/** Searches for `seconds`. `onBatch` gets texts before they are tried: whoever kills a search that hangs knows then what did it. */
export async function explore(
	target: Target,
	seconds: number,
	random: Random,
	onBatch: (texts: readonly string[]) => void = () => undefined,
): Promise<Explored> {
	const coverage = startCoverage(target.code);
	const found = new Map<string, Found>();
	const corpus = [...target.seeds()];
	let runs = 0;

	const run = async (text: string): Promise<void> => {
		runs += 1;
		const reason = await failureOf(target, text);
		if (reason === undefined || found.has(signatureOf(reason))) return;
		found.set(signatureOf(reason), { text: await smaller(target, text, reason), reason });
	};

	for (const text of corpus) await run(text);
	coverage.hasGrown(true);
	const reachedBySeeds = coverage.reached();
	const startedMs = performance.now();
	const isOver = (): boolean => performance.now() - startedMs > seconds * 1000;
	while (!isOver()) {
		// Half of them from what was found last: that is where the unknown begins.
		const recent = corpus.slice(-Math.max(8, corpus.length >> 3));
		const texts = Array.from({ length: BATCH }, () =>
			changed(random.of(random.below(2) === 0 ? recent : corpus), corpus, target.words ?? [], random),
		).filter(({ length }) => length <= (target.longest ?? LONGEST));
		onBatch(texts);
		for (const text of texts) if (!isOver()) await run(text);
		if (!coverage.hasGrown(false)) continue;
		// Some of them did it; which, shows when each runs alone.
		for (const text of texts) {
			await run(text);
			if (coverage.hasGrown(true)) corpus.push(text);
		}
	}
	coverage.stop();
	const explored = {
		runs,
		seconds: (performance.now() - startedMs) / 1000,
		reachedBySeeds,
		reached: coverage.reached(),
	};
	return { ...explored, corpus, found: [...found.values()] };
}
