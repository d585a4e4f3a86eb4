import { readFileSync } from 'node:fs';

/** Returns the version in package.json, which is two folders above src/cli and dist/cli. */
export const ownVersion = (): string =>
	String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);
