/** Turns a skipped document into an error if the user named its file on the command line. */
import { isSkipped, type Problem, type Skipped } from '../manifests/problem.ts';

/**
 * Yields `all` in its order. In a file for which `isNamed` is true, a server without a name becomes a problem. So does
 * the first document that cannot be parsed, if the file has no manifest. Any other named file without a manifest is not
 * a problem, because shells expand `*.yaml`.
 */
export async function* checkNamed<T extends { readonly file: string }>(
	all: AsyncIterable<T | Problem | Skipped>,
	isNamed: (file: string) => boolean,
): AsyncGenerator<T | Problem | Skipped> {
	let file: string | undefined;
	let hasManifest = false;
	/** A document that is not yielded yet: it is a problem only if no manifest follows in the same file. */
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
