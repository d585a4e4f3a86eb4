import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createMention } from '../../src/manifests/mention.ts';

const TEXT = 'apiVersion: toolhive.stacklok.dev/v1beta1';

describe('a text in pieces that mentions ToolHive', () => {
	it('pieces of any size › found from its last letter on', () => {
		for (let size = 1; size <= TEXT.length; size += 1) {
			const mention = createMention();
			const found: boolean[] = [];
			for (let at = 0; at < TEXT.length; at += size) found.push(mention(TEXT.slice(at, at + size)));
			expect(found.at(-1), `size ${size}`).to.equal(true);
			expect(found.indexOf(true), `size ${size}`).to.equal(Math.ceil(TEXT.indexOf('/v1beta1') / size) - 1);
		}
	});
	it('another domain › not found', () => {
		const mention = createMention();
		expect(['toolhive.stacklok', '.io', ' toolhive'].map(mention)).to.deep.equal([false, false, false]);
	});
});
