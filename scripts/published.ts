/** Generates the package.json that is published. */
import type { Json } from '../src/api/types.ts';

/**
 * Removes the fields that only a checkout needs. One of these fields installs Node 24, which would replace the user's
 * Node in node_modules/.bin. The original stays private, so that a checkout cannot be published by mistake.
 */
export function publishedOf(original: Json): Json {
	const notPublished = ['private', 'scripts', 'devDependencies', 'optionalDependencies'];
	return Object.fromEntries(Object.entries(original).filter(([name]) => !notPublished.includes(name)));
}
