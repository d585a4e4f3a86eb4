/** What is skipped in a folder may be an error in a file that was named. */
import { isSkipped, type Problem, type Skipped } from '../manifests/problem.ts';

/**
 * `all` in its order. A file for which `isNamed`, in which nothing is a manifest and something cannot be parsed, is a problem:
 * its first such document; so is a nameless server in it. Other things without a manifest may be named: shells expand `*.yaml`.
 */
export async function* checkNamed<T extends { readonly file: string }>(
	all: AsyncIterable<T | Problem | Skipped>,
	isNamed: (file: string) => boolean,
): AsyncGenerator<T | Problem | Skipped> {
	let file: string | undefined;
	let hasManifest = false;
	/** Kept back until a manifest follows in the same file, or none. */
	let held: Skipped | undefined;
	for await (const found of all) {
		const one = isSkipped(found) && found.isNameless && isNamed(found.file) ? problemOf(found) : found;
		if (one.file !== file) {
			if (held !== undefined) yield problemOf(held);
			held = undefined;
			hasManifest = false;
			file = one.file;
		}
		if (!isSkipped(one)) {
			if (held !== undefined) yield held;
			held = undefined;
			hasManifest = true;
		} else if (one.isBroken && !hasManifest && held === undefined && isNamed(file)) {
			held = one;
			continue;
		}
		yield one;
	}
	if (held !== undefined) yield problemOf(held);
}

const problemOf = ({ skipped, isBroken: _broken, isNameless: _nameless, ...place }: Skipped): Problem => ({
	...place,
	problem: skipped,
});
