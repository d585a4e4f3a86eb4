import { expect } from 'chai';
import { checkKeyPrefix } from '../../../src/policy/key-prefix.ts';

const check = (keyPrefix: unknown, provider = 'redis'): string[] =>
	checkKeyPrefix({ sessionStorage: { provider, keyPrefix } }).map(({ message }) => message);

const INVALID = [
	{ it: 'no colon', prefix: 'notes', shown: 'notes' },
	{ it: 'a colon in the middle only', prefix: 'a:b', shown: 'a:b' },
	{ it: 'a blank after the colon', prefix: 'notes: ', shown: 'notes: ' },
	{ it: 'a line break after the colon', prefix: 'notes:\n', shown: 'notes: ' },
	{ it: 'a blank', prefix: ' ', shown: ' ' },
	{ it: 'a colon of another script', prefix: 'notes：', shown: 'notes：' },
	{ it: '5,000 characters', prefix: 'k'.repeat(5000), shown: `${'k'.repeat(57)}...` },
	{ it: 'control characters', prefix: 'a\u001b[31m\u202e', shown: 'a [31m ' },
];

describe('redis-key-prefix-invalid', () => {
	for (const { it: title, prefix, shown } of INVALID) {
		it(`${title} › denied, with value and form`, () => {
			expect(check(prefix)).to.deep.equal([`"${shown}" must end in a colon, such as "search:"`]);
		});
	}
	it('ends in a colon, empty, or absent › allowed', () => {
		for (const prefix of ['notes:', ':', 'a:b:', '😀:', '', undefined]) expect(check(prefix)).to.deep.equal([]);
	});
	it('another provider › allowed', () => expect(check('notes', 'memory')).to.deep.equal([]));
	it('another type, which is denied for that › left alone', () => {
		for (const prefix of [null, 3, [], {}]) expect(check(prefix)).to.deep.equal([]);
		for (const spec of [{}, { sessionStorage: 'x' }]) {
			expect(checkKeyPrefix(spec)).to.deep.equal([]);
		}
	});
	it('a variable that was not substituted › the message tells so', () => {
		expect(check('$NAME')[0]).to.include('"$NAME" looks like an unsubstituted variable');
	});
});
