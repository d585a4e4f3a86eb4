import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createSecureContext, createServer, type Server } from 'node:tls';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { certificatesAt } from '../../../src/cluster/handshake.ts';

describe('a handshake', () => {
	let server: Server;
	let url: (host: string) => string;
	before(async () => {
		const authority = await issueCa();
		const [byName, byDefault] = await Promise.all([
			issueServing(authority, { hosts: ['by-name.example.com'] }),
			issueServing(authority, { hosts: ['by-default.example.com'] }),
		]);
		const asked = createSecureContext(byName);
		// As a gateway with several names: whoever names none sees another certificate.
		server = createServer({
			...byDefault,
			SNICallback: (name, done) => (name === 'localhost' ? done(null, asked) : done(new Error('unknown'))),
		});
		server.on('tlsClientError', () => undefined);
		await new Promise<void>((resolve) => server.listen(0, resolve));
		url = (host) => `https://${host}:${(server.address() as AddressInfo).port}/mutate`;
	});
	after(() => {
		server.close();
	});

	const nameAt = async (host: string) => {
		const [first = ''] = await certificatesAt(url(host), 5000);
		return new X509Certificate(first).subjectAltName;
	};
	it('names the host, as the API server does', async () =>
		expect(await nameAt('localhost')).to.equal('DNS:by-name.example.com'));
	it('names no address, which TLS does not allow', async () =>
		expect(await nameAt('127.0.0.1')).to.equal('DNS:by-default.example.com'));
});
