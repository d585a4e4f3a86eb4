/** YAML as kubectl reads it: sigs.k8s.io/yaml over go-yaml v2. With lines. */
import { type Document, isAlias, isMap, isNode, isPair, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { DEEP } from '../objects/yaml-read.ts';
import { IF_TEMPLATE } from './problem.ts';
import { nameOf, unfold } from './unfold.ts';
import { type Parsed, type Path, Unparsable } from './values.ts';

/** Only what stands where: unfold.ts knows what it means, and finds equal keys, which takes the parser seconds. */
const READING = {
	version: '1.1',
	schema: 'failsafe',
	resolveKnownTags: false,
	uniqueKeys: false,
	logLevel: 'silent',
} as const;

/** What kubectl refuses wherever it stands, and what ends a line for YAML 1.1 but for hardly anybody else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|\r(?!\n)/;

/** Characters. YAML costs 70 times its size in memory; the API server takes objects of up to 3 MiB, only Lists are longer. */
const LONGEST = 8 * 1024 * 1024;
const TOO_LONG = 'one document of more than 8 MiB; cut it with --- lines, or give it as JSON';

/** The one document in `text`, undefined where it holds nothing. Throws Unparsable. */
export function parseYaml(text: string): Parsed | undefined {
	const lineCounter = new LineCounter();
	const at = (offset: number): { line: number; column: number } => {
		const { line, col } = lineCounter.linePos(offset);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const refuse = (offset: number, message: string): never => {
		throw new Unparsable(message, at(offset));
	};
	if (text.length > LONGEST) throw new Unparsable(TOO_LONG);
	if (DEEP.test(text)) throw new Unparsable('it is nested too deeply');
	try {
		const document: Document.Parsed = parseDocument(text, { ...READING, lineCounter });
		const odd = text.search(NO_TEXT);
		if (odd !== -1) {
			const code = text.charCodeAt(odd).toString(16).padStart(4, '0');
			refuse(odd, `U+${code.toUpperCase()} is no text to kubectl; in double quotes it can be written as \\u${code}`);
		}
		const [error] = document.errors;
		if (error?.code === 'RESOURCE_EXHAUSTION') throw new RangeError(error.message);
		if (error !== undefined) {
			const message = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code;
			refuse(error.pos[0], text.includes('{{') ? `${message}; ${IF_TEMPLATE}` : message);
		}
		const value = unfold(document, text, refuse);
		return value === null ? undefined : { value, lineOf: (path) => at(nearest(document.contents, path)).line };
	} catch (error) {
		if (error instanceof RangeError) throw new Unparsable('it is nested too deeply');
		throw error;
	}
}

/** Offset of the key or list item at `path`, else of the nearest thing around it that is there. */
function nearest(contents: Node | null, path: Path): number {
	let node: unknown = contents;
	let offset = contents?.range?.[0] ?? 0;
	for (const step of path) {
		if (isAlias(node) || !isNode(node)) break;
		const next: unknown = isMap(node)
			? node.items.find(({ key }) => nameOf(key) === String(step))
			: isSeq(node)
				? node.items[Number(step)]
				: undefined;
		if (next === undefined) break;
		const start = isPair(next) ? next.key : next;
		offset = (isNode(start) ? start.range?.[0] : undefined) ?? offset;
		node = isPair(next) ? next.value : next;
	}
	return offset;
}
