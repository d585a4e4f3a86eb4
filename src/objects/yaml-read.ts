/** What reading YAML that another program wrote takes besides the parser. */
import { type Document, isScalar, type Scalar, visit } from 'yaml';

/** The parser takes seconds for some thousand brackets, a gigabyte for a million, and finds out only in the end. */
export const DEEP = /(?:[[{]\s*){500}/;

/**
 * What `parse` gives. The parser makes an error of every character that does not belong, though one is enough to refuse a text, and most
 * of the time that takes goes into their stacks, which nobody reads.
 */
export function withoutStacks<T>(parse: () => T): T {
	const before = Error.stackTraceLimit;
	Error.stackTraceLimit = 0;
	try {
		return parse();
	} finally {
		Error.stackTraceLimit = before;
	}
}

/** The first key that stands twice in one mapping. The parser compares every key with every other to find it; this does not. */
export function repeatedKeyIn(document: Document): Scalar | undefined {
	let repeated: Scalar | undefined;
	visit(document, {
		Map: (_, { items }) => {
			const seen = new Set<unknown>();
			for (const { key } of items) {
				if (!isScalar(key)) continue;
				if (seen.has(key.value)) {
					repeated = key;
					return visit.BREAK;
				}
				seen.add(key.value);
			}
			return undefined;
		},
	});
	return repeated;
}
