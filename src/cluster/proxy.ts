/** Selects the HTTP proxy for a server by the rules of Go's `http.ProxyFromEnvironment`, as kubectl does. */
import { BlockList, isIP } from 'node:net';
import type { EnvironmentVariables } from './service-account.ts';

/**
 * Returns the URL of the proxy for `server`, or undefined for none. undici's `EnvHttpProxyAgent` is not used: it does
 * not support CIDRs in NO_PROXY, uses the proxy for loopback addresses, and uses HTTP_PROXY for https.
 */
export function proxyFor(server: string, env: EnvironmentVariables): string | undefined {
	const { protocol, hostname, port } = new URL(server);
	const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
	const proxy = env[name] || env[name.toLowerCase()];
	if (!proxy) return undefined;
	const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
	if (host === 'localhost' || contains('127.0.0.0/8', host) || host === '::1') return undefined;
	const actualPort = port || (protocol === 'https:' ? '443' : '80');
	const entries = (env['NO_PROXY'] || env['no_proxy'] || '').split(',').map((entry) => entry.trim().toLowerCase());
	if (entries.some((entry) => isMatch(entry, host, actualPort))) return undefined;
	return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isMatch(entry: string, host: string, port: string): boolean {
	if (entry === '*') return true;
	if (entry.includes('/')) return contains(entry, host);
	const [, bracketed, plain, entryPort] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
	// An IPv6 address without brackets cannot have a port.
	const name = bracketed ?? plain ?? entry;
	if (name === '' || (entryPort !== undefined && entryPort !== port)) return false;
	if (isIP(name) !== 0) return contains(`${name}/${isIP(name) === 4 ? 32 : 128}`, host);
	const suffix = name.replace(/^\*(?=\.)/, '');
	return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

/** Whether `host` is an IP address in `cidr`. */
function contains(cidr: string, host: string): boolean {
	const [address = '', bits = ''] = cidr.split('/');
	const family = isIP(address);
	if (family === 0 || isIP(host) === 0 || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
	const list = new BlockList();
	list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
	return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
