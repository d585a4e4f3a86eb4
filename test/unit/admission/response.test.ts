import { expect } from 'chai';
import fc from 'fast-check';
import { allow, denialText, patched, warningText } from '../../../src/admission/response.ts';
import { CONTROL } from '../../harness/warning-rows.ts';

describe('a warning', () => {
	const finding = { id: 'some-id', field: 'spec.replicas', message: 'say it' };
	const TABLE = [
		{ it: 'is field, message and id', message: 'say it', is: 'spec.replicas: say it (some-id)' },
		{ it: 'is one line', message: 'a\nb\r\tc', is: 'spec.replicas: a b  c (some-id)' },
		{
			it: 'has no control characters',
			message: 'a\u0000\u001b[31m\u007f\u0085b',
			is: 'spec.replicas: a  [31m  b (some-id)',
		},
		{ it: 'has no line separators', message: 'a\u2028b\u2029c', is: 'spec.replicas: a b c (some-id)' },
	];
	for (const row of TABLE) {
		it(row.it, () => {
			expect(warningText({ ...finding, message: row.message })).to.equal(row.is);
		});
	}
	it('of 5,000 characters is cut to 120 and keeps its id', () => {
		const text = warningText({ ...finding, message: 'a'.repeat(5000) });
		expect(text).to.have.length(120);
		expect(text).to.match(/^spec\.replicas: a+\.\.\. \(some-id\)$/);
	});
	it('is always short, printable and whole', () => {
		const texts = fc.oneof(
			fc.string({ unit: 'binary', maxLength: 300 }),
			fc.string({ unit: fc.constantFrom('😀', 'a', '\ud83d'), maxLength: 300 }),
		);
		fc.assert(
			fc.property(texts, (message) => {
				const text = warningText({ ...finding, message });
				return text.length <= 120 && !CONTROL.test(text) && text.isWellFormed() && text.endsWith(' (some-id)');
			}),
			{ numRuns: 300 },
		);
	});
});

describe('an answer', () => {
	it('allows without findings always the same', () => {
		expect(allow()).to.deep.equal({ allowed: true, patch: [], findings: [] });
		expect(allow()).to.equal(allow());
	});
	it('the same object needs no patch, whatever there is to say', () => {
		const object = {};
		expect(patched(object, object, [{ id: 'i', field: 'f', message: 'm' }])).to.deep.equal({
			allowed: true,
			patch: [],
			findings: [{ id: 'i', field: 'f', message: 'm' }],
		});
	});
	it('lists every violation in one message, each beginning with its field', () => {
		const violations = [
			{ id: 'x', field: 'spec.a', message: 'is bad', parts: [] },
			{ id: 'x', field: 'spec.b', message: 'is worse', parts: [] },
		];
		expect(denialText(violations)).to.equal('spec.a: is bad; spec.b: is worse');
	});
});
