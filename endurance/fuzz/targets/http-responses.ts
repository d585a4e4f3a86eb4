/** Parses the output of a server strictly as HTTP/1.1, and checks the format of each response. */
import { STATUS_CODES } from 'node:http';
import { expect } from 'chai';
import type { Json } from '../../../src/api/types.ts';

/** Node's own responses to bytes that are not a request. They have no body, or an empty chunked body. */
const OF_NODE =
	/^(HTTP\/1\.1 (400|408|413|417|431) [A-Za-z ]+\r\n((Connection|Date|Keep-Alive|Transfer-Encoding): [^\r\n]+\r\n)*\r\n(0\r\n\r\n)?)+/;

/**
 * Checks any number of responses in `text`, which is latin1. `isHealth` selects the port for probes, which responds in
 * plain text.
 */
export function checkResponses(text: string, isHealth: boolean): void {
	let rest = text;
	while (rest !== '') {
		rest = rest.replace(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+/, '').replace(OF_NODE, '');
		if (rest === '') return;
		const end = rest.indexOf('\r\n\r\n');
		expect(end, `the end of a head in ${JSON.stringify(rest.slice(0, 200))}`).to.be.above(0);
		const [start = '', ...lines] = rest.slice(0, end).split('\r\n');
		const [, code = ''] = /^HTTP\/1\.1 (\d{3}) /.exec(start) ?? [];
		expect(STATUS_CODES, start).to.have.property(code);
		for (const line of lines) expect(line).to.match(/^[\w-]+: [^\r\n\0]*$/);
		const headers = Object.fromEntries(
			lines.map((line) => [line.split(':')[0]?.toLowerCase(), line.replace(/^[^:]*: /, '')]),
		);
		const length = headers['content-length'];
		expect(length, `the length of ${start}`).to.match(/^\d+$/);
		const from = end + 4;
		const body = rest.slice(from, from + Number(length));
		const isWithout = body.length < Number(length) && (body === '' || body.startsWith('HTTP/1.1 '));
		rest = isWithout ? body : rest.slice(from + Number(length));
		if (!isWithout && !isHealth) checkBody(Number(code), body);
	}
}

function checkBody(code: number, body: string): void {
	// The response to /round-trip, the path of the self-check.
	if (code === 200 && body === 'ok\n') return;
	const json = JSON.parse(Buffer.from(body, 'latin1').toString()) as Json;
	if (code === 200) {
		expect(json).to.include({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' });
		expect((json['response'] as Json)['uid'])
			.to.be.a('string')
			.and.not.equal('');
		return;
	}
	expect(json).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
	expect(json['message']).to.be.a('string').and.not.equal('');
}
