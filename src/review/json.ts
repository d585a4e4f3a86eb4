/** JSON with the lines of its fields and every digit of its whole numbers. */
import { findNodeAtLocation, type Node, parseTree, visit } from 'jsonc-parser';
import { type Parsed, type Path, plainOf, Unparsable } from './values.ts';

/** Something in it is against the grammar of JSON; to YAML it may be right. */
export class NotJson extends Unparsable {}

/** The one value in `text`. Throws Unparsable. */
export function parseJson(text: string): Parsed {
	const value = parsed(text);
	checkKeys(text);
	let tree: Node | undefined;
	return {
		value: plainOf(value),
		lineOf: (path) => {
			tree ??= parseTree(text);
			return lineAt(text, nearest(tree, path));
		},
	};
}

function parsed(text: string): unknown {
	try {
		// A reviver is slow, and only long numbers need it.
		return /\d{16}/.test(text)
			? JSON.parse(text, exactly as (key: string, value: unknown) => unknown)
			: JSON.parse(text);
	} catch (error) {
		const [message, line, column] =
			/^(.*?)(?: \(line (\d+) column (\d+)\))?$/s.exec((error as Error).message)?.slice(1) ?? [];
		const at = line === undefined ? undefined : { line: Number(line), column: Number(column) };
		throw new NotJson(
			`not JSON: ${message?.replace(/( in JSON)? at position \d+$/, '')}`,
			at ?? { line: lineAt(text, text.length), column: 1 },
		);
	}
}

const exactly = (_key: string, value: unknown, { source = '' }: { source?: string }): unknown =>
	typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;

/** JSON.parse keeps the last of two equal keys and says nothing. */
function checkKeys(text: string): void {
	const open: Set<string>[] = [];
	visit(text, {
		onObjectBegin: () => {
			open.push(new Set());
		},
		onObjectProperty: (name, offset) => {
			const seen = open.at(-1);
			if (seen?.has(name)) {
				const column = offset - text.lastIndexOf('\n', offset);
				throw new Unparsable(`the key ${JSON.stringify(name)} stands twice`, { line: lineAt(text, offset), column });
			}
			seen?.add(name);
		},
		onObjectEnd: () => {
			open.pop();
		},
	});
}

function nearest(tree: Node | undefined, path: Path): number {
	if (tree === undefined) return 0;
	for (let length = path.length; length > 0; length -= 1) {
		const node = findNodeAtLocation(tree, path.slice(0, length) as (string | number)[]);
		// A property begins with its key.
		if (node !== undefined) return node.parent?.type === 'property' ? node.parent.offset : node.offset;
	}
	return tree.offset;
}

function lineAt(text: string, offset: number): number {
	let line = 1;
	for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
	return line;
}
