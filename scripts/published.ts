/** A package.json as npm gets it. */
import type { Json } from '../src/api/types.ts';

/**
 * Without what only a checkout needs: tools, scripts, and Node 24 itself, which would take the place of the user's own in
 * node_modules/.bin. Ours stays private, so that nobody publishes a checkout by mistake.
 */
export function publishedOf(ours: Json): Json {
	const notPublished = ['private', 'scripts', 'devDependencies', 'optionalDependencies'];
	return Object.fromEntries(Object.entries(ours).filter(([name]) => !notPublished.includes(name)));
}
