/** What Go's encoding/json prints, where JSON.stringify differs. */

/** Two spaces, keys in the order given, `<` `>` `&` and the two line separators escaped, no newline at the end. */
export const goJson = (value: unknown): string => escaped(JSON.stringify(value, null, 2));

/** The same on one line. */
export const compactGoJson = (value: unknown): string => escaped(JSON.stringify(value));

// Outside of strings JSON has none of these characters.
const escaped = (json: string): string =>
	json.replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A Go map: its keys are printed sorted. */
export const goMap = (map: Readonly<Record<string, string>>): Record<string, string> =>
	Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** `omitempty`: without false, 0, empty text, empty lists and what is not there. */
export const omitEmpty = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
	Object.fromEntries(
		Object.entries(fields).filter(([, value]) => Boolean(value) && !(Array.isArray(value) && value.length === 0)),
	);
