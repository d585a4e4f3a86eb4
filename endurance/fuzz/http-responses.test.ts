/** The judge of what comes back from a socket: good answers pass, and each bad one is seen. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkResponses } from './http-responses.ts';

const answer = (body: string, status = '200 OK', head = 'Content-Type: application/json\r\n'): string =>
	`HTTP/1.1 ${status}\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const reviewed = (response: object): string =>
	JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response });
const refused = (more: object = {}): string =>
	JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 400, message: 'no', ...more });
const GOOD = answer(reviewed({ uid: 'uid-1', allowed: true }));

const GOODS: Readonly<Record<string, string>> = {
	nothing: '',
	'an answer': GOOD,
	'two answers': GOOD + GOOD,
	'a refusal': answer(refused(), '400 Bad Request'),
	'what Node says to what is no request': 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
	'permission to go on, then an answer': `HTTP/1.1 100 Continue\r\n\r\n${GOOD}`,
	'an answer to HEAD': `${GOOD}HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\n\r\n`,
	'/round-trip': answer('ok\n'),
};
const BADS: Readonly<Record<string, string>> = {
	text: 'hello',
	'half a head': GOOD.slice(0, 30),
	'something after a good answer': `${GOOD}hello`,
	'a bad answer after a good one': GOOD + answer('{}'),
	'another protocol': GOOD.replace('HTTP/1.1', 'HTTP/9.9'),
	'a status that does not exist': answer(refused({ code: 799 }), '799 No'),
	'a head of two lines in one': GOOD.replace('application/json', 'a\nb'),
	'no length': GOOD.replace(/Content-Length: \d+\r\n/, ''),
	'a body that is longer than it says': GOOD.replace(/Length: \d+/, 'Length: 5'),
	'two bodies in one': answer(`${reviewed({ uid: 'uid-1' })}{}`),
	'no JSON': answer('<html>'),
	'a 200 that is no review': answer(refused()),
	'a review without a uid': answer(reviewed({ allowed: true })),
	'a review with an empty uid': answer(reviewed({ uid: '', allowed: true })),
	'a refusal in other words': answer('{"error":"no"}', '400 Bad Request'),
	'a refusal with another code in it': answer(refused({ code: 500 }), '400 Bad Request'),
	'a refusal without a reason': answer(refused({ message: '' }), '400 Bad Request'),
};

describe('fuzz: answers', () => {
	for (const [name, text] of Object.entries(GOODS)) {
		it(`${name}: good`, () => checkResponses(text, false));
	}
	for (const [name, text] of Object.entries(BADS)) {
		it(`${name}: seen`, () => expect(() => checkResponses(text, false)).to.throw());
	}
	it('text is good on the port for probes, and only there', () => {
		checkResponses(answer('thv_scaling_ready 1\n'), true);
		expect(() => checkResponses(answer('thv_scaling_ready 1\n'), false)).to.throw();
		expect(() => checkResponses('hello', true)).to.throw();
	});
});
