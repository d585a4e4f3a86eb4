import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createSecureContext, createServer } from 'node:tls';
import { expect } from 'chai';
import { it } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { certificatesAt } from '../../../src/cluster/handshake.ts';

it('handshake › sends a host name, as the API server does, but no IP address, which TLS does not allow', async () => {
	const issuer = await issueCa();
	const byName = await issueServing(issuer, { hosts: ['by-name.example.com'] });
	// The server behaves as a gateway with several names: a client that sends no name gets a different certificate.
	const server = createServer({
		...(await issueServing(issuer, { hosts: ['by-default.example.com'] })),
		SNICallback: (name, done) =>
			name === 'localhost' ? done(null, createSecureContext(byName)) : done(new Error('unknown')),
	});
	server.on('tlsClientError', () => undefined);
	await new Promise<void>((resolve) => server.listen(0, resolve));
	const { port } = server.address() as AddressInfo;
	const nameAt = async (host: string): Promise<string | undefined> => {
		const [first = ''] = await certificatesAt(`https://${host}:${port}/mutate`, 5_000);
		return new X509Certificate(first).subjectAltName;
	};
	expect(await nameAt('localhost')).to.equal('DNS:by-name.example.com');
	expect(await nameAt('127.0.0.1')).to.equal('DNS:by-default.example.com');
	server.close();
});
