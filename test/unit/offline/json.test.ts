import { expect } from 'chai';
import fc from 'fast-check';
import { NotJson, parseJson } from '../../../src/manifests/json.ts';
import { roundedOf, Unparsable } from '../../../src/manifests/values.ts';

function refusalOf(text: string): Unparsable {
	try {
		parseJson(text);
	} catch (error) {
		if (error instanceof Unparsable) return error;
		throw error;
	}
	throw new Error('it was read');
}

describe('JSON', () => {
	it('is read as JSON.parse reads it', () => {
		fc.assert(
			fc.property(fc.json(), (text) => {
				expect(roundedOf(parseJson(text).value)).to.deep.equal(JSON.parse(text));
			}),
		);
	});
	for (const [text, value] of [
		['9007199254740991', 9007199254740991],
		['9007199254740993', 9007199254740993n],
		['-123456789012345678901234567890', -123456789012345678901234567890n],
		['{"a":[9223372036854775807]}', { a: [9223372036854775807n] }],
		['1.0', 1],
		['1e3', 1000],
		['0.12345678901234567890', 0.12345678901234568],
		['12345678901234567890.5', 12345678901234567000],
		['"12345678901234567890"', '12345678901234567890'],
		['"\\ud83d\\ude00"', '😀'],
		['"\\ud83d"', '\ufffd'],
		['{"\\ude00":1}', { '\ufffd': 1 }],
		['{"__proto__":1}', Object.fromEntries([['__proto__', 1]])],
	] as const) {
		it(`${text} keeps what it says`, () => {
			expect(parseJson(text).value).to.deep.equal(value);
		});
	}
	for (const [what, text, message, at] of [
		['a key twice', '{"a": 1,\n "b": {"c": 1, "c": 2}}', 'the key "c" stands twice', '2:16'],
		['a key twice in other letters', '{"a": 1, "\\u0061": 2}', 'the key "a" stands twice', '1:10'],
	] as const) {
		it(`${what} is refused`, () => {
			const error = refusalOf(text);
			expect(error.message).to.equal(message);
			expect(`${error.at?.line}:${error.at?.column}`).to.equal(at);
			expect(error).not.to.be.instanceOf(NotJson);
		});
	}
	it('the same key in two objects is no key twice', () => {
		expect(parseJson('[{"a":{"a":1}},{"a":2}]').value).to.deep.equal([{ a: { a: 1 } }, { a: 2 }]);
	});
	for (const [what, text, line] of [
		['a comma too many', '{"a": 1,\n}', 2],
		['a comment', '{\n "a": 1\n # b\n}', 3],
		['no quotes', '{"a": 1,\nb: 2}', 2],
		['a number of YAML', '{"a": 0x1F}', 1],
		['a tab in a text', '{"a": "\t"}', 1],
		['no end', '{"a": 1,\n"b": [\n', 3],
		['two values', '{}\n{}', 2],
		['nothing', '', 1],
	] as const) {
		it(`${what} is not JSON`, () => {
			const error = refusalOf(text);
			expect(error).to.be.instanceOf(NotJson);
			expect(error.message)
				.to.match(/^not JSON: /)
				.and.not.match(/position|line/);
			expect(error.at?.line).to.equal(line);
		});
	}
	it('a number that is too large for any reader is refused', () => {
		expect(refusalOf('{"a": 1e400}').message).to.contain('is no number of JSON');
	});
	it('lists within lists, however many, are refused', () => {
		expect(refusalOf('['.repeat(600) + ']'.repeat(600)).message).to.equal('it is nested too deeply');
	});
});

describe('the line of a field in JSON', () => {
	const text = `{
  "kind": "T",
  "metadata": {
    "annotations": {
      "a.example.com/b": "c"
    }
  },
  "items": [
    {"name": "a"}, {
      "name": "b"
    }
  ]
}`;
	const { lineOf } = parseJson(text);
	for (const [path, line] of [
		[[], 1],
		[['kind'], 2],
		[['metadata', 'annotations', 'a.example.com/b'], 5],
		[['metadata', 'annotations', 'missing'], 4],
		[['missing'], 1],
		[['items', 0, 'name'], 9],
		[['items', 1], 9],
		[['items', 1, 'name'], 10],
		[['items', 1, 'missing', 'more'], 9],
		[['items', 5], 8],
	] as const) {
		it(`${path.join(' > ') || 'the whole'}: ${line}`, () => {
			expect(lineOf(path)).to.equal(line);
		});
	}
	it('is 1 in minified JSON', () => {
		expect(parseJson('{"a":{"b":[1]}}').lineOf(['a', 'b', 0])).to.equal(1);
	});
});
