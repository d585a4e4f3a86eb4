import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compactGoJson, goJson } from '../../harness/old-operator/go-json.ts';

describe('Go-style JSON', () => {
	it('escapes what Go escapes, and nothing else', () => {
		expect(goJson({ b: '<a>&\u2028\u2029', a: {}, n: [] })).to.equal(
			'{\n  "b": "\\u003ca\\u003e\\u0026\\u2028\\u2029",\n  "a": {},\n  "n": []\n}',
		);
		expect(compactGoJson({ a: ['é', "'"] })).to.equal('{"a":["é","\'"]}');
	});
});
