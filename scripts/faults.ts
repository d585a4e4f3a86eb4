/** Lists the faults that scripts/mutation.ts plants. This module changes no files. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename, join } from 'node:path';
import { type AnyNode, parse } from 'acorn';

export interface Fault {
	readonly file: string;
	readonly line: number;
	readonly kind: string;
	/** The line before the fault is planted; `after` is the line with the fault. */
	readonly before: string;
	readonly after: string;
	/** The text of the whole file with the fault. */
	readonly text: string;
}
/** Replaces the characters from `start` to `end` with `replacement`. */
type Edit = readonly [kind: string, start: number, end: number, replacement: string];

const SWAPS = new Map<string, readonly [kind: string, becomes: string]>([
	['===', ['comparison inverted', '!==']],
	['!==', ['comparison inverted', '===']],
	['<', ['boundary moved', '<=']],
	['<=', ['boundary moved', '<']],
	['>', ['boundary moved', '>=']],
	['>=', ['boundary moved', '>']],
	['+', ['arithmetic inverted', '-']],
	['-', ['arithmetic inverted', '+']],
	['&&', ['and, or swapped', '||']],
	['||', ['and, or swapped', '&&']],
	['some', ['and, or swapped', 'every']],
	['every', ['and, or swapped', 'some']],
]);

/** Returns the possible faults at a node. `code` is the file without types, with the same offsets. */
function editsAt(node: AnyNode, code: string): Edit[] {
	const negated = (test: AnyNode): Edit => [
		'condition negated',
		test.start,
		test.end,
		`!(${code.slice(test.start, test.end)})`,
	];
	switch (node.type) {
		case 'IfStatement':
			return isEarlyExit(node)
				? [negated(node.test), ['early exit removed', node.start, node.end, ';']]
				: [negated(node.test)];
		case 'ConditionalExpression':
			return [negated(node.test)];
		case 'BinaryExpression':
		case 'LogicalExpression': {
			if (node.operator === '??') return [['default dropped', node.left.end, node.right.end, '']];
			const [kind, becomes] = SWAPS.get(node.operator) ?? [];
			const start = code.indexOf(node.operator, node.left.end);
			return kind === undefined ? [] : [[kind, start, start + node.operator.length, becomes ?? '']];
		}
		case 'MemberExpression': {
			const [kind, becomes] = (node.property.type === 'Identifier' && SWAPS.get(node.property.name)) || [];
			return kind === undefined ? [] : [[kind, node.property.start, node.property.end, becomes ?? '']];
		}
		case 'Literal':
			if (typeof node.value === 'number') return [['number plus one', node.start, node.end, String(node.value + 1)]];
			return typeof node.value === 'string' && node.value !== '' ? [['text emptied', node.start, node.end, "''"]] : [];
		case 'TemplateLiteral':
			return [['text emptied', node.start, node.end, '``']];
		case 'ArrayExpression':
			return node.elements.length > 0 ? [['list emptied', node.start, node.end, '[]']] : [];
		case 'ObjectExpression':
			return node.properties.map(({ start, end }) => {
				const comma = /^\s*,/.exec(code.slice(end))?.[0] ?? '';
				return ['property dropped', start, end + comma.length, ''];
			});
		case 'ExpressionStatement': {
			const called = node.expression.type === 'AwaitExpression' ? node.expression.argument : node.expression;
			return called.type === 'CallExpression' ? [['call removed', node.start, node.end, ';']] : [];
		}
		case 'ReturnStatement':
			return node.argument ? [['returns undefined', node.start, node.end, 'return undefined;']] : [];
		case 'ArrowFunctionExpression':
			return node.expression ? [['returns undefined', node.body.start, node.body.end, 'undefined']] : [];
		default:
			return [];
	}
}

function isEarlyExit(node: AnyNode & { type: 'IfStatement' }): boolean {
	const last = node.consequent.type === 'BlockStatement' ? node.consequent.body.at(-1) : node.consequent;
	return !node.alternate && /^(Return|Throw|Continue)/.test(last?.type ?? '');
}

function isNode(value: unknown): value is AnyNode {
	return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function editsBelow(node: AnyNode, code: string): Edit[] {
	if (node.type === 'ImportDeclaration' || ('source' in node && node.source)) return [];
	const children = Object.entries(node).flatMap(([name, value]) =>
		node.type === 'Property' && name === 'key' && !node.computed ? [] : value,
	);
	return [...editsAt(node, code), ...children.filter(isNode).flatMap((child) => editsBelow(child, code))];
}

function editsOf(source: string): Edit[] {
	const code = stripTypeScriptTypes(source); // Replaces types with spaces, so offsets do not change.
	const edits = editsBelow(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), code);
	return edits.filter(([, start, end, replacement]) => source.slice(start, end) !== replacement);
}

/**
 * Returns all faults in the order in which they are planted: one of each kind in turn. The seed determines the order
 * within a kind.
 */
export function faultsOf(root: string, files: readonly string[], seed: string): Fault[] {
	const faults = files.flatMap((file) => {
		const source = readFileSync(join(root, file), 'utf8');
		return editsOf(source).map(([kind, start, end, replacement]): Fault => {
			const text = source.slice(0, start) + replacement + source.slice(end);
			const line = source.slice(0, start).split('\n').length;
			const [before = '', after = ''] = [source, text].map((whole) => whole.split('\n')[line - 1]?.trim());
			return { file, line, kind, before, after, text };
		});
	});
	const rank = ({ file, kind, before, after }: Fault): string =>
		createHash('sha256')
			.update(JSON.stringify([seed, basename(file), kind, before, after]))
			.digest('hex');
	const ranked = faults.map((fault) => ({ fault, rank: rank(fault) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
	return [...Map.groupBy(ranked, ({ fault }) => fault.kind).values()]
		.flatMap((ofKind) => ofKind.map((item, turn) => ({ ...item, turn })))
		.sort((a, b) => a.turn - b.turn || (a.rank < b.rank ? -1 : 1))
		.map(({ fault }) => fault);
}
