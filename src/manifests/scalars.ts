/**
 * What a scalar says to kubectl: `resolve` of go-yaml v2, rule by rule. It is neither YAML 1.1 (dates and `12:30` stay texts) nor
 * 1.2 (`no`, `on` and `y` are booleans, `0777` is octal).
 */

/** Whole numbers are bigints, so that they differ from floats as long as that matters. */
export type Scalar = string | number | bigint | boolean | null;

const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
	...spelled(true, 'y', 'yes', 'true', 'on'),
	...spelled(false, 'n', 'no', 'false', 'off'),
	...spelled(null, '', '~', 'null'),
	...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
	...spelled(Number.POSITIVE_INFINITY, '.inf', '+.inf'),
	...spelled(Number.NEGATIVE_INFINITY, '-.inf'),
]);

/** In small letters, in capitals, and with a capital first letter. */
function spelled(value: Scalar, ...words: readonly string[]): (readonly [string, Scalar])[] {
	const spellings = (word: string) => [
		word,
		word.toUpperCase(),
		word.replace(/[a-z]/, (letter) => letter.toUpperCase()),
	];
	return words.flatMap(spellings).map((word) => [word, value]);
}

const TAG = 'tag:yaml.org,2002:';

/** `text` stands plain, or has a `tag` (in long form). Undefined where the tag does not allow the text. */
export function scalarOf(text: string, tag?: string): Scalar | undefined {
	if (tag === undefined) return plain(text);
	if (!tag.startsWith(TAG)) return text;
	const wanted = tag.slice(TAG.length);
	if (wanted === 'binary') return isBase64(text) ? Buffer.from(text, 'base64').toString() : undefined;
	if (!['bool', 'null', 'int', 'float'].includes(wanted)) return text;
	const value = plain(text);
	if (wanted === 'float' && typeof value === 'bigint') return Number(value);
	return wanted === kindOf(value) ? value : undefined;
}

const kindOf = (value: Scalar): string | undefined =>
	({ boolean: 'bool', object: 'null', bigint: 'int', number: 'float' })[typeof value as string];

const isBase64 = (text: string): boolean =>
	/^([A-Za-z\d+/]{4})*([A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(text.replace(/[\r\n]/g, ''));

function plain(text: string): Scalar {
	const word = WORDS.get(text);
	if (word !== undefined) return word;
	if (!/^[-+.\d]/.test(text)) return text;
	// Underscores count for nothing wherever they stand; behind a leading point only between digits.
	const digits = text.replaceAll(text.startsWith('.') ? /(?<=\d)_(?=\d)/g : '_', '');
	const whole = wholeNumber(digits);
	if (whole !== undefined) return whole;
	const float = FLOAT.test(digits) ? Number(digits) : Number.NaN;
	return Number.isFinite(float) ? float : text;
}

const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const WHOLE = /^([-+]?)(0|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/;

function wholeNumber(text: string): bigint | undefined {
	const [, sign, digits = ''] = WHOLE.exec(text) ?? [];
	if (sign === undefined) return undefined;
	const amount = BigInt(digits.replace(/^0[oO]?(?=[0-7])/, '0o'));
	const value = sign === '-' ? -amount : amount;
	// Go has floats for longer decimal ones, which are the same when rounded; longer others are no numbers.
	return digits.startsWith('0') && !isOfGo(value) ? undefined : value;
}

const isOfGo = (value: bigint): boolean => value >= -(2n ** 63n) && value < 2n ** 64n;

/** A key as JSON has it; undefined for what kubectl refuses: null, and whole numbers that need an unsigned type. */
export function keyOf(key: Scalar): string | undefined {
	if (key === null) return undefined;
	if (typeof key === 'number') return floatKey(key);
	if (typeof key !== 'bigint' || BigInt.asIntN(64, key) === key) return String(key);
	return isOfGo(key) ? undefined : floatKey(Number(key));
}

/** As Go's `FormatFloat(key, 'g', -1, 32)` writes it: the shortest text that tells it from other floats of 32 bits. */
function floatKey(key: number): string {
	if (!Number.isFinite(key)) return String(key).replace('NaN', '.nan').replace('Infinity', '.inf');
	const rounded = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digits) => Number(key.toPrecision(digits)));
	const short = rounded.find((one) => Math.fround(one) === Math.fround(key)) ?? key;
	const isPlain = short === 0 || (Math.abs(short) >= 1e-4 && Math.abs(short) < 1e6);
	return isPlain ? String(short) : short.toExponential().replace(/([-+])(\d)$/, '$10$2');
}
