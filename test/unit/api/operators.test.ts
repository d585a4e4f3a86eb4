import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isOperatorImage, whatOperatorDoes } from '../../../src/api/operators.ts';

describe('operators', () => {
	for (const [image, isOne] of [
		['ghcr.io/stacklok/toolhive/operator:v0.47.0', true],
		['localhost:5000/toolhive/operator:v0.47.0', true],
		['toolhive/operator', true],
		['example.com/mirror/toolhive/operator@sha256:00', true],
		['ghcr.io/stacklok/toolhive/proxyrunner:v0.47.0', false],
		['example.com/mytoolhive/operator:1', false],
		['example.com/toolhive/operator-bundle:1', false],
	] as const)
		it(`${image} is ${isOne ? 'one' : 'none'}`, () => expect(isOperatorImage(image)).to.equal(isOne));

	it('a pre-release does what the release before it does', () => {
		expect(whatOperatorDoes('v0.13.0-rc.1')).to.equal(whatOperatorDoes('v0.12.5'));
		expect(whatOperatorDoes('v0.13.0')).not.to.equal(whatOperatorDoes('v0.12.5'));
	});
});
