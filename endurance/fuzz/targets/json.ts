/** Compares JSON.parse with the product's JSON parser, which keeps line numbers and every digit. */
import { expect } from 'chai';
import { parseJson } from '../../../src/manifests/json.ts';
import { Unparsable, writeJson } from '../../../src/manifests/values.ts';
import { jsonOf, type Target, unless } from '../target.ts';

export const json: Target = {
	name: 'json',
	seeds: () => [
		'{"a":[1,{"b":"\\u00e9\\n"}],"c":12345678901234567890}',
		'[]',
		'-0',
		'1e400',
		'{"a":1,"a":2}',
		'"\\ud800"',
		'{\n "a": {\n}}',
	],
	check: (text) => {
		const parsed = unless([Unparsable], () => parseJson(text));
		if (parsed === undefined) return;
		// Both Go and the product replace half of a surrogate pair with U+FFFD.
		const expected = JSON.parse(JSON.stringify(jsonOf(text)), (_key, one) =>
			typeof one === 'string' ? one.toWellFormed() : one,
		);
		if (text.isWellFormed() && !/\\u[dD]/.test(text))
			expect(JSON.parse(writeJson(parsed.value))).to.deep.equal(expected);
		for (const path of [[], ['a'], ['a', 0], ['a', 1, 'b'], ['zz']]) {
			expect(parsed.lineOf(path)).to.be.within(1, text.split('\n').length);
		}
	},
};
