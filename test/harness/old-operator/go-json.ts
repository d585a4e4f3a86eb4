/** Encodes JSON as Go's encoding/json does, where JSON.stringify differs. */

/**
 * Indents by two spaces and keeps the order of the keys. Escapes `<`, `>`, `&`, U+2028 and U+2029. Adds no newline at
 * the end.
 */
export const goJson = (value: unknown): string => escaped(JSON.stringify(value, null, 2));

/** Returns the same JSON as `goJson`, without line breaks and indentation. */
export const compactGoJson = (value: unknown): string => escaped(JSON.stringify(value));

// JSON contains these characters only inside strings, so they can be replaced in the whole text.
const escaped = (json: string): string =>
	json.replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Sorts the keys, because Go encodes maps in the order of their keys. */
export const goMap = (map: Readonly<Record<string, string>>): Record<string, string> =>
	Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Removes the fields that Go omits with `omitempty`: false, 0, empty strings, empty lists and missing values. */
export const omitEmpty = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
	Object.fromEntries(
		Object.entries(fields).filter(([, value]) => Boolean(value) && !(Array.isArray(value) && value.length === 0)),
	);
