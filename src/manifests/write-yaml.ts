/** YAML that every reader understands alike, be it one of YAML 1.1, of 1.2, or kubectl. */
import { Document, type Scalar, visit } from 'yaml';

/** `value` (a bigint where a number cannot hold it) as one document. */
export function writeYaml(value: unknown): string {
	const document = new Document(value, { schema: 'core', compat: 'yaml-1.1', aliasDuplicateObjects: false });
	visit(document, {
		Scalar: (_key, scalar) => {
			if (typeof scalar.value === 'string') Object.assign(scalar, styleOf(scalar.value));
		},
	});
	// Only what stands in double quotes has such characters.
	return document.toString({ lineWidth: 0, singleQuote: true, doubleQuotedAsJSON: true }).replace(ODD, escaped);
}

/** Where the parser's own choice is not to be relied on. */
function styleOf(text: string): Pick<Scalar, 'type'> {
	if (text.search(ODD) !== -1 || text.includes('\r')) return { type: 'QUOTE_DOUBLE' };
	if (text.includes('\n')) return { type: UNEVEN.test(text) ? 'QUOTE_DOUBLE' : 'BLOCK_LITERAL' };
	return isNumberOfGo(text) ? { type: 'QUOTE_SINGLE' } : {};
}

/** The parser knows most of them: not those with a sign before a prefix, or underscores in odd places. */
const isNumberOfGo = (text: string): boolean => !Number.isNaN(Number(text.replaceAll(/^[-+]|_/g, '')));

/** Ends of lines to some readers and no text to others. */
const ODD = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escaped = (odd: string): string => `\\u${odd.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** How far a block is indented would have to be guessed, or blanks would be taken for indentation. */
const UNEVEN = /^\s|\n[ \t]+(\n|$)/;
