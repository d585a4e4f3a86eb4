/** Other texts made of a text: pieces cut, doubled, taken from elsewhere; and where it is JSON, values put in the place of values. */
import { isObject } from '../../src/api/types.ts';
import type { Random } from './random.ts';
import { jsonOf } from './target.ts';

/** Where programs that read texts have gone wrong before. */
const WORDS = [
	...['', '\0', '\ufeff', '\r\n', '\n', '\t', ' ', '\u2028', '\u0085', '\u202e', '\ud800', '😀', 'é', '\u007f', '\\'],
	...[
		'{',
		'}',
		'[',
		']',
		',',
		':',
		'"',
		"'",
		'-',
		'#',
		'&a ',
		'*a',
		'<<: ',
		'---\n',
		'...\n',
		'|\n',
		'>-\n',
		'? ',
		'!!',
	],
	...['__proto__', 'constructor', 'toString', 'prototype', 'null', 'true', '~', '{}', '[]', '""', '{{ .Values.x }}'],
	...['0', '-0', '-1', '1e400', '2147483647', '2147483648', '9007199254740993', '0777', '1.5', '.nan', '1_000'],
	...['%s', '\\u0000', '\\ud800', '../', 'a'.repeat(300), '[['.repeat(60), '{"a":'.repeat(60)],
];

/** Values of every type, those that look like something else among them. */
const VALUES: readonly unknown[] = [
	...[
		null,
		true,
		false,
		0,
		1,
		2,
		3,
		-1,
		1.5,
		2 ** 31 - 1,
		2 ** 31,
		2 ** 53,
		1e21,
		'',
		'a',
		'1',
		'redis',
		'memory',
		'stdio',
	],
	...[[], [null], {}, { a: 1 }, { toString: 1, valueOf: 1 }, { constructor: { prototype: { polluted: 1 } } }],
	...[
		'a\nb\u0007\u202e',
		'\ud800',
		'😀'.repeat(40),
		'a'.repeat(300),
		'-',
		'toolhive.stacklok.dev/v1',
		'2026-01-01T00:00:00Z',
	],
	JSON.parse('{"__proto__":{"polluted":1}}'),
];

const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'a/b~c', '', 'name', 'spec', 'a'];

/** `text` after one to four changes. `others` are texts to take pieces from. */
export function changed(text: string, others: readonly string[], words: readonly string[], random: Random): string {
	let now = text;
	for (let count = 1 + random.below(4); count > 0; count -= 1) {
		const value = random.below(2) === 0 ? jsonOf(now) : undefined;
		now =
			typeof value === 'object' && value !== null
				? JSON.stringify(changedValue(value, others, random), null, random.of([undefined, undefined, 2]))
				: changedText(now, others, words, random);
	}
	return now;
}

function changedText(text: string, others: readonly string[], words: readonly string[], random: Random): string {
	const from = random.below(text.length + 1);
	const to = Math.min(text.length, from + random.below(random.of([2, 8, 64, text.length + 1])));
	const other = random.of(others);
	const begin = random.below(other.length + 1);
	const piece = random.of([
		() => '',
		() => random.of(WORDS),
		() => random.of(words.length > 0 ? words : WORDS),
		() => other.slice(begin, begin + random.below(64)),
		() => text.slice(from, to).repeat(2 + random.below(3)),
		() => String.fromCharCode(random.below(random.of([128, 256, 65_536]))),
		() => String(random.below(20) - 3),
	])();
	const isReplaced = random.below(2) === 0;
	return text.slice(0, from) + piece + text.slice(isReplaced ? to : from);
}

/** A copy with one place in it changed: the deeper the value, the more often it is reached. */
function changedValue(value: unknown, others: readonly string[], random: Random): unknown {
	const keys = isObject(value) ? Object.keys(value) : Array.isArray(value) ? [...value.keys()] : [];
	const isHere = keys.length === 0 || random.below(8) === 0;
	if (!isHere) {
		const key = random.of<string | number>(keys);
		const at = (value as Record<string | number, unknown>)[key];
		return withKey(value, key, random.below(6) === 0 ? undefined : changedValue(at, others, random));
	}
	if (isObject(value) && random.below(2) === 0) {
		return withKey(value, random.of([...KEYS, ...keys.map(String)]), random.of(VALUES));
	}
	if (Array.isArray(value) && random.below(2) === 0) return [...value, random.of([...value, ...VALUES])];
	return random.below(4) === 0 ? (jsonOf(random.of(others)) ?? random.of(VALUES)) : random.of(VALUES);
}

/** Undefined takes the key away. Also `__proto__` is a key like any other. */
function withKey(value: unknown, key: string | number, now: unknown): unknown {
	if (Array.isArray(value)) return now === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), now);
	const entries = Object.entries(value as object).filter(([name]) => name !== key);
	return Object.fromEntries(now === undefined ? entries : [...entries, [key, now]]);
}
