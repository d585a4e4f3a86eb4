import { expect } from 'chai';
import fc from 'fast-check';
import { patched, warningText } from '../../../src/admission/response.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a warning must not have
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const finding = { id: 'some-id', field: 'spec.replicas', message: 'message' };

describe('text of a warning', () => {
	for (const [title, message, expected] of [
		['plain', 'a b', 'a b'],
		['line breaks', 'a\nb\r\tc', 'a b  c'],
		['control characters', 'a\u0000\u001b[31m\u007f\u0085b', 'a  [31m  b'],
		['line separators', 'a\u2028b\u2029c', 'a b c'],
		['5,000 characters', 'a'.repeat(5000), `${'a'.repeat(92)}...`],
	] as const) {
		it(`${title} › one line with field, message and id`, () => {
			expect(warningText({ ...finding, message })).to.equal(`spec.replicas: ${expected} (some-id)`);
		});
	}
	it('any message › at most 120 printable characters that end in the id', () => {
		const messages = fc.oneof(
			fc.string({ unit: 'binary', maxLength: 300 }),
			fc.string({ unit: fc.constantFrom('😀', 'a', '\ud83d'), maxLength: 300 }),
		);
		fc.assert(
			fc.property(messages, (message) => {
				const text = warningText({ ...finding, message });
				return text.length <= 120 && !CONTROL.test(text) && text.isWellFormed() && text.endsWith(' (some-id)');
			}),
			{ numRuns: 300 },
		);
	});
});

describe('admission decision', () => {
	it('the object is unchanged › findings and no patch', () => {
		const object = {};
		const expected = { allowed: true, patch: [], findings: [finding] };
		expect(patched(object, object, [finding])).to.deep.equal(expected);
	});
});
