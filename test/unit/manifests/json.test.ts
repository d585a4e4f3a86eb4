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
	throw new Error('it was parsed');
}

describe('parseJson', () => {
	it('any JSON › as JSON.parse', () => {
		fc.assert(
			fc.property(fc.json(), (text) => {
				expect(roundedOf(parseJson(text).value)).to.deep.equal(JSON.parse(text));
			}),
		);
	});
	for (const [text, value] of [
		['9007199254740993', 9007199254740993n],
		['12345678901234567890.5', 12345678901234567000],
		['"\\ud83d"', '\ufffd'],
		['{"\\ude00":1}', { '\ufffd': 1 }],
		['{"__proto__":1}', Object.fromEntries([['__proto__', 1]])],
		['[{"a":{"a":1}},{"a":2}]', [{ a: { a: 1 } }, { a: 2 }]],
	] as const)
		it(`${text} › the exact value`, () => expect(parseJson(text).value).to.deep.equal(value));
	for (const [title, text, message, at] of [
		['a repeated key, escaped', '{"b": 1,\n"c": {"a": 1, "\\u0061": 2}}', /^the key "a" is duplicated$/, '2:15'],
		['a number that is too large', '{"a": 1e400}', /is not a JSON number/, undefined],
		['600 nested lists', '['.repeat(600) + ']'.repeat(600), /^it is nested too deeply$/, undefined],
	] as const)
		it(`${title} › refused`, () => {
			const error = refusalOf(text);
			expect(error.message).to.match(message);
			expect(error.at && `${error.at.line}:${error.at.column}`).to.equal(at);
			expect(error).not.to.be.instanceOf(NotJson);
		});
	for (const [title, text, line] of [
		['a comment', '{\n "a": 1\n # b\n}', 3],
		['a tab in a string', '{"a": "\t"}', 1],
		['no end', '{"a": 1,\n"b": [\n', 3],
	] as const)
		it(`${title} › NotJson, with its line`, () => {
			const error = refusalOf(text);
			expect(error).to.be.instanceOf(NotJson);
			expect(error.message)
				.to.match(/^not JSON: /)
				.and.not.match(/position|line/);
			expect(error.at?.line).to.equal(line);
		});

	const { lineOf } = parseJson(`{
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
}`);
	for (const [path, line] of [
		[[], 1],
		[['metadata', 'annotations', 'a.example.com/b'], 5],
		[['metadata', 'annotations', 'missing'], 4],
		[['items', 0, 'name'], 9],
		[['items', 1, 'missing', 'more'], 9],
		[['items', 5], 8],
	] as const)
		it(`lineOf › ${path.join(' > ') || 'the root'} › ${line}`, () => expect(lineOf(path)).to.equal(line));
});
