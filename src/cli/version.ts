import { readFileSync } from 'node:fs';

/** Which release this is. Compiled or not, package.json lies two folders up. */
export const ownVersion = (): string =>
	String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);
