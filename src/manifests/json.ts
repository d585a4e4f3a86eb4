/** Parses JSON and keeps line numbers and every digit of whole numbers. */
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';
import type { Path } from '../objects/crd.ts';
import { createLineAt, type Parsed, plainOf, Unparsable } from './values.ts';

/** The text is not JSON, but it may be YAML. */
export class NotJson extends Unparsable {}

/** Parses `text`. Throws Unparsable. */
export function parseJson(text: string): Parsed {
	// Runs first, because it rejects nesting that is too deep for parseTree.
	const value = plainOf(parsed(text));
	const tree = parseTree(text) as Node;
	const lineAt = createLineAt(text);
	const repeated = repeatedKeyIn(tree);
	if (repeated !== undefined) {
		const { offset, value: key } = repeated;
		const at = { line: lineAt(offset), column: offset - text.lastIndexOf('\n', offset) };
		throw new Unparsable(`the key ${JSON.stringify(key)} is duplicated`, at);
	}
	return { value, lineOf: (path) => lineAt(nearest(tree, path)) };
}

function parsed(text: string): unknown {
	try {
		// A reviver is slow, so it is used only for texts with long numbers.
		return /\d{16}/.test(text)
			? JSON.parse(text, exactly as (key: string, value: unknown) => unknown)
			: JSON.parse(text);
	} catch (error) {
		const [message, line, column] =
			/^(.*?)(?: \(line (\d+) column (\d+)\))?$/s.exec((error as Error).message)?.slice(1) ?? [];
		const at = line === undefined ? undefined : { line: Number(line), column: Number(column) };
		throw new NotJson(
			`not JSON: ${message?.replace(/( in JSON)? at position \d+$/, '')}`,
			at ?? { line: createLineAt(text)(text.length), column: 1 },
		);
	}
}

const exactly = (_key: string, value: unknown, { source = '' }: { source?: string }): unknown =>
	typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;

/** Returns a repeated key. JSON.parse silently keeps the last of two equal keys. */
function repeatedKeyIn({ type, children }: Node): Node | undefined {
	const seen = new Set<unknown>();
	for (const child of children ?? []) {
		const key = type === 'object' ? child.children?.[0] : undefined;
		if (key !== undefined && seen.size === seen.add(key.value).size) return key;
		const repeated = child.children === undefined ? undefined : repeatedKeyIn(child);
		if (repeated !== undefined) return repeated;
	}
	return undefined;
}

function nearest(tree: Node, path: Path): number {
	for (let length = path.length; length > 0; length -= 1) {
		const node = findNodeAtLocation(tree, path.slice(0, length) as (string | number)[]);
		// A property begins with its key.
		if (node !== undefined) return node.parent?.type === 'property' ? node.parent.offset : node.offset;
	}
	return tree.offset;
}
