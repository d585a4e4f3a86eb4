/** Looks for texts that cost more than in proportion to their length: one piece of a good text, over and over. */
import { cpuMs, type Found } from './failure.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

const LONG = 48 * 1024;
/** Below it the clock and the collector of garbage say more than the code. */
const WORTH_MS = 120;
/** Four times the length costs four times the time; where it costs this much more, every further step does. */
const STEEP = 9;

export async function pumped(
	target: Target,
	corpus: readonly string[],
	seconds: number,
	random: Random,
	onTry: (text: string) => void,
): Promise<Found[]> {
	const found: Found[] = [];
	const longest = Math.min(LONG, target.longest ?? LONG);
	const untilMs = performance.now() + seconds * 1000;
	while (performance.now() < untilMs && found.length < 3) {
		const text = random.of(corpus);
		const from = random.below(text.length);
		const piece = text.slice(from, from + 1 + random.below(24));
		if (piece === '') continue;
		const [short, long] = [longest / 4, longest].map(
			(length) => text.slice(0, from) + piece.repeat(Math.ceil(length / piece.length)) + text.slice(from),
		) as [string, string];
		onTry(long);
		if ((await costOf(target, long)) < WORTH_MS) continue;
		const shortMs = Math.min(await costOf(target, short), await costOf(target, short));
		const longMs = Math.min(await costOf(target, long), await costOf(target, long));
		if (longMs < WORTH_MS || longMs < STEEP * shortMs) continue;
		const cost = `${Math.round(shortMs)} ms for ${short.length} characters, ${Math.round(longMs)} ms for ${long.length}`;
		found.push({ text: short, reason: `grows faster than its input: ${cost}: ${JSON.stringify(piece)} over and over` });
	}
	return found;
}

/** A broken promise is another finding, which the search has told already or will. */
const costOf = (target: Target, text: string): Promise<number> => cpuMs(target, text).catch(() => 0);
