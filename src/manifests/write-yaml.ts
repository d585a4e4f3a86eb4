/** Writes YAML that YAML 1.1, YAML 1.2 and kubectl read alike. */
import { Document, type Scalar, visit } from 'yaml';

/** Writes `value`, which may contain bigints, as one document. */
export function writeYaml(value: unknown): string {
	const document = new Document(value, { schema: 'core', compat: 'yaml-1.1', aliasDuplicateObjects: false });
	visit(document, {
		Scalar: (_key, scalar) => {
			if (typeof scalar.value === 'string') Object.assign(scalar, styleOf(scalar.value));
		},
	});
	// Only texts in double quotes contain such characters, so escapes are valid there.
	return document.toString({ lineWidth: 0, singleQuote: true, doubleQuotedAsJSON: true }).replace(ODD, escaped);
}

/** Quotes `text`, or writes it as a block, if parsers could read the default style differently. */
function styleOf(text: string): Pick<Scalar, 'type'> {
	if (text.search(ODD) !== -1 || text.includes('\r')) return { type: 'QUOTE_DOUBLE' };
	if (text.includes('\n')) return { type: UNEVEN.test(text) ? 'QUOTE_DOUBLE' : 'BLOCK_LITERAL' };
	return isNumberOfGo(text) ? { type: 'QUOTE_SINGLE' } : {};
}

/** The library quotes most of these texts, but not those with a sign before a prefix or with unusual underscores. */
const isNumberOfGo = (text: string): boolean => !Number.isNaN(Number(text.replaceAll(/^[-+]|_/g, '')));

/** Some parsers treat these characters as line ends, and others reject them. */
const ODD = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escaped = (odd: string): string => `\\u${odd.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** In a block, leading whitespace would change the indentation. */
const UNEVEN = /^\s|\n[ \t]+(\n|$)/;
