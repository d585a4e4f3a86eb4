/** The rows are those of Go's golang.org/x/net/http/httpproxy, of its documentation and tests. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { proxyFor } from '../../../src/cluster/proxy.ts';

const PROXY = 'http://proxy.example:3128';
const SERVER = 'https://api.cluster.example:6443';

describe('cluster proxy', () => {
	for (const [server, env, expected] of [
		[SERVER, {}, undefined],
		[SERVER, { HTTPS_PROXY: PROXY }, PROXY],
		[SERVER, { https_proxy: PROXY }, PROXY],
		[SERVER, { HTTPS_PROXY: PROXY, https_proxy: 'http://other:1' }, PROXY],
		[SERVER, { HTTPS_PROXY: '', https_proxy: PROXY }, PROXY],
		[SERVER, { HTTPS_PROXY: 'proxy.example:3128' }, PROXY],
		[SERVER, { HTTPS_PROXY: 'socks5://proxy.example:1080' }, 'socks5://proxy.example:1080'],
		[SERVER, { HTTP_PROXY: PROXY, ALL_PROXY: PROXY }, undefined],
		['http://api.cluster.example', { HTTP_PROXY: PROXY }, PROXY],
		['http://api.cluster.example', { HTTPS_PROXY: PROXY }, undefined],
		['https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, undefined],
		['https://127.8.8.8:6443', { HTTPS_PROXY: PROXY }, undefined],
		['https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
		['https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
	] as const) {
		it(`${server} › ${JSON.stringify(env)} › ${expected ?? 'no proxy'}`, () => {
			expect(proxyFor(server, env)).to.equal(expected);
		});
	}

	for (const [server, noProxy, isProxied] of [
		[SERVER, '', true],
		[SERVER, '*', false],
		[SERVER, 'other.example, *', false],
		[SERVER, 'api.cluster.example', false],
		[SERVER, 'API.Cluster.Example', false],
		[SERVER, 'cluster.example', false],
		[SERVER, '.cluster.example', false],
		[SERVER, '*.cluster.example', false],
		[SERVER, 'luster.example', true],
		[SERVER, '.api.cluster.example', true],
		[SERVER, '*.api.cluster.example', true],
		[SERVER, ' example , other ', false],
		[SERVER, 'other cluster.example', true],
		[SERVER, 'cluster.example:6443', false],
		[SERVER, 'cluster.example:443', true],
		['https://api.cluster.example', 'cluster.example:443', false],
		['http://api.cluster.example', 'cluster.example:80', false],
		['http://api.cluster.example', 'cluster.example:443', true],
		['https://10.1.2.3:6443', '10.0.0.0/8', false],
		['https://10.1.2.3:6443', '10.1.3.0/24', true],
		['https://10.1.2.3:6443', '10.1.2.3', false],
		['https://10.1.2.3:6443', '10.1.2.3:6443', false],
		['https://10.1.2.3:6443', '10.1.2.3:443', true],
		['https://10.1.2.3:6443', '10.1.2', true],
		['https://10.1.2.3:6443', '10.0.0.0/99', true],
		['https://[fd00::1]:6443', 'fd00::/8', false],
		['https://[fd00::1]:6443', 'fd00::1', false],
		['https://[fd00::1]:6443', 'FD00:0::1', false],
		['https://[fd00::1]:6443', '[fd00::1]:6443', false],
		['https://[fd00::1]:6443', '[fd00::1]:443', true],
		['https://[fd00::1]:6443', '10.0.0.0/8,,', true],
	] as const) {
		for (const name of ['NO_PROXY', 'no_proxy']) {
			it(`${server} › ${name}=${noProxy} › ${isProxied ? 'proxy' : 'no proxy'}`, () => {
				const expected = isProxied ? PROXY : undefined;
				expect(proxyFor(server, { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, [name]: noProxy })).to.equal(expected);
			});
		}
	}
});
