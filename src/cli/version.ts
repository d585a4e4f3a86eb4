import { readFileSync } from 'node:fs';

/** The version in package.json, which is two folders up from src/cli and dist/cli. */
export const ownVersion = (): string =>
	String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);
