/**
 * Tests the proxy settings. The rows come from the documentation and the tests of Go's golang.org/x/net/http/httpproxy.
 */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { proxyFor } from '../../../src/cluster/proxy.ts';

const PROXY = 'http://proxy.example:3128';
const SERVER = 'https://api.cluster.example:6443';

describe('proxy', () => {
	for (const [server, env, expected] of [
		[SERVER, {}, undefined],
		[SERVER, { https_proxy: PROXY }, PROXY],
		[SERVER, { HTTPS_PROXY: PROXY, https_proxy: 'http://other:1' }, PROXY],
		[SERVER, { HTTPS_PROXY: '', https_proxy: PROXY }, PROXY],
		[SERVER, { HTTPS_PROXY: 'proxy.example:3128' }, PROXY],
		[SERVER, { HTTPS_PROXY: 'socks5://proxy.example:1080' }, 'socks5://proxy.example:1080'],
		[SERVER, { HTTP_PROXY: PROXY, ALL_PROXY: PROXY }, undefined],
		['http://api.cluster.example', { HTTP_PROXY: PROXY }, PROXY],
		...['127.8.8.8', '[::1]', 'localhost'].map(
			(host) => [`https://${host}:6443`, { HTTPS_PROXY: PROXY }, undefined] as const,
		),
	] as const) {
		it(`${server} › ${JSON.stringify(env)} › ${expected ?? 'no proxy'}`, () => {
			expect(proxyFor(server, env)).to.equal(expected);
		});
	}

	/** Each row has a server, values of NO_PROXY that match it, and values that do not match it. */
	for (const [server, matching, others] of [
		[
			SERVER,
			'*|other.example, *| example , other |api.cluster.example|API.Cluster.Example|cluster.example|.cluster.example|*.cluster.example|cluster.example:6443',
			'|luster.example|.api.cluster.example|*.api.cluster.example|other cluster.example|cluster.example:443',
		],
		['https://api.cluster.example', 'cluster.example:443', ''],
		['http://api.cluster.example', 'cluster.example:80', 'cluster.example:443'],
		['https://10.1.2.3:6443', '10.0.0.0/8|10.1.2.3|10.1.2.3:6443', '10.1.3.0/24|10.1.2.3:443|10.1.2|10.0.0.0/99'],
		['https://[fd00::1]:6443', 'fd00::/8|fd00::1|FD00:0::1|[fd00::1]:6443', '[fd00::1]:443|10.0.0.0/8,,'],
	] as const) {
		const rows = [
			...matching.split('|').map((noProxy) => [noProxy, undefined] as const),
			...others.split('|').map((noProxy) => [noProxy, PROXY] as const),
		];
		for (const [noProxy, expected] of rows) {
			it(`${server} › NO_PROXY=${noProxy} › ${expected ?? 'no proxy'}`, () => {
				for (const name of ['NO_PROXY', 'no_proxy'])
					expect(proxyFor(server, { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, [name]: noProxy })).to.equal(expected);
			});
		}
	}
});
