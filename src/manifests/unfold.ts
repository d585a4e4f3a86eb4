/** The value of a parsed YAML document as kubectl sees it: go-yaml v2 decides what scalars, keys, aliases and `<<` mean. */
import {
	type Alias,
	type Document,
	isAlias,
	isMap,
	isNode,
	isScalar,
	isSeq,
	type Node,
	type Scalar,
	visit,
	type YAMLMap,
} from 'yaml';
import { NOT_RENDERED } from './problem.ts';
import { keyOf, scalarOf } from './scalars.ts';
import { DEEPEST, MOST_VALUES, Unparsable } from './values.ts';

/** JSON, with a bigint for each whole number that JavaScript's numbers cannot hold. Shares nothing. `document` is `text` parsed. */
export function unfold(
	document: Document,
	text: string,
	refuseAt: (offset: number, message: string) => never,
): unknown {
	const refuse = (node: unknown, message: string): never =>
		refuseAt((isNode(node) ? node.range?.[0] : undefined) ?? 0, message);
	const targets = targetsOf(document, refuse);
	const open = new Set<Node>();
	let count = 0;
	let depth = 0;

	const unfolded = (node: unknown): unknown => {
		count += 1;
		if (count > MOST_VALUES) throw new Unparsable('it unfolds to more than two million values; write it out');
		if (depth > DEEPEST) throw new Unparsable('it is nested too deeply');
		if (isScalar(node)) return scalarValueOf(node);
		depth += 1;
		const value = isAlias(node)
			? through(node, unfolded)
			: isMap(node)
				? Object.fromEntries(fill(node, new Map()))
				: isSeq(node)
					? node.items.map(unfolded)
					: null;
		depth -= 1;
		return value;
	};

	const scalarValueOf = (node: Scalar): unknown => {
		const refused = refusedIn(node, text);
		if (refused !== undefined) refuse(node, refused);
		const value = scalarIn(node);
		if (value === undefined) return refuse(node, `${node.source} is no ${node.tag?.split(':').at(-1)}`);
		if (typeof value === 'number' && !Number.isFinite(value)) {
			refuse(node, `${node.source} is no number of JSON; the API server would refuse it`);
		}
		return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
	};

	const through = <T>(alias: Alias, use: (target: Node) => T): T => {
		const target = targets.get(alias);
		if (target === undefined) return refuse(alias, `nothing above it is called &${alias.source}`);
		if (open.has(target)) return refuse(alias, `&${alias.source} contains itself`);
		open.add(target);
		const value = use(target);
		open.delete(target);
		return value;
	};

	const fill = (map: YAMLMap, entries: Map<string, unknown>): Map<string, unknown> => {
		const seen = new Set<string>();
		for (const { key, value } of map.items) {
			if (isMerge(key)) {
				merge(value, entries);
				continue;
			}
			const name = isAlias(key) ? through(key, nameOf) : nameOf(key);
			if (name === undefined) return refuse(key, text.includes('{{') ? NOT_RENDERED : NO_KEY);
			// kubectl takes the last one and says nothing.
			if (seen.has(name)) refuse(key, `the key ${JSON.stringify(name)} stands twice`);
			seen.add(name);
			entries.set(name, unfolded(value));
		}
		return entries;
	};

	/** As go-yaml does it: what `<<` brings wins over what stands above it. */
	const merge = (source: unknown, entries: Map<string, unknown>): void => {
		const add = (map: unknown): void => {
			count += 1;
			if (isMap(map)) fill(map, entries);
			else refuse(source, '<< takes a mapping, or a list of mappings');
		};
		for (const one of isSeq(source) ? source.items.toReversed() : [source]) {
			if (isAlias(one)) through(one, add);
			else add(one);
		}
	};
	return unfolded(document.contents);
}

const NO_KEY = 'a key must be a word';

/** What this parser takes and kubectl's does not. */
function refusedIn({ type, range }: Scalar, text: string): string | undefined {
	const source = text.slice(...(range?.slice(0, 2) ?? [0, 0]));
	if (type === 'QUOTE_DOUBLE') {
		const escapes = source.match(/\\(u[dD][89a-fA-F]..|.)/gs);
		const unknown = escapes?.find((one) => one === '\\/' || one.length > 2);
		return unknown === undefined ? undefined : `kubectl takes no ${unknown} in double quotes`;
	}
	return /^[|>][-+]?[ \t]*(#.*)?\n( *\n)* *\t/.test(source)
		? 'a tab where the text begins; write how far it is indented behind the | or >'
		: undefined;
}

function scalarIn({ source = '', type, tag }: Scalar): ReturnType<typeof scalarOf> {
	return tag === '!' || (type !== 'PLAIN' && tag === undefined) ? source : scalarOf(source, tag);
}

/** A key as JSON has it; undefined where it can have none. */
export function nameOf(key: unknown): string | undefined {
	const value = isScalar(key) ? scalarIn(key) : undefined;
	return value === undefined ? undefined : keyOf(value);
}

const isMerge = (key: unknown): boolean =>
	isScalar(key) && key.source === '<<' && (key.tag === undefined ? key.type === 'PLAIN' : key.tag === MERGE);
const MERGE = 'tag:yaml.org,2002:merge';

/** What each alias means: the nearest thing above it with that anchor. */
function targetsOf(document: Document, refuse: (node: Node, message: string) => never): ReadonlyMap<Alias, Node> {
	const anchored = new Map<string, Node>();
	const targets = new Map<Alias, Node>();
	visit(document, {
		Node: (_key, node) => {
			if (isAlias(node)) {
				const target = anchored.get(node.source);
				if (target !== undefined) targets.set(node, target);
			} else if (node.anchor !== undefined) {
				if (!/^[\w-]+$/.test(node.anchor))
					refuse(node, `&${node.anchor} may have letters of English, digits, _ and - only`);
				anchored.set(node.anchor, node);
			}
		},
	});
	return targets;
}
