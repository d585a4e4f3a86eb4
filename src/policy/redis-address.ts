/**
 * Denies an invalid `address`. The proxy uses the address unchanged, so the address must be one host and one port.
 * Reads: sessionStorage.provider, sessionStorage.address.
 * Allows: a host name, an IPv4 address, or an IPv6 address in brackets, with a port; any address with memory.
 * address-rule.ts denies an empty address.
 */
import { quote } from '../api/printable.ts';
import type { Json } from '../api/types.ts';
import type { FieldProblem } from './finding.ts';
import { redisIn, redisProblem } from './session-storage.ts';
import { withVariableHint } from './unsubstituted.ts';

const MOST_PORT = 65_535;

/** A DNS name has at most 253 characters, and an IPv6 address with its zone has fewer. */
const LONGEST = 300;

export function checkAddressForm(fields: Json): FieldProblem[] {
	const address = redisIn(fields)?.['address'];
	if (typeof address !== 'string' || address.trim() === '' || isHostAndPort(address)) return [];
	const shown = masked(address);
	const rule = `${quote(shown)} must be host:port, with a port from 1 to ${MOST_PORT} and IPv6 in brackets`;
	return [redisProblem('address', withVariableHint(rule, address, shown))];
}

function isHostAndPort(address: string): boolean {
	if (address.length > LONGEST) return false;
	const [, host, hostInBrackets, port] = /^(?:([\w.-]+)|\[([\w.:%-]+)\]):(\d{1,9})$/.exec(address) ?? [];
	const isHost = host !== undefined || isNameOrIpv6(hostInBrackets ?? '');
	return isHost && Number(port) >= 1 && Number(port) <= MOST_PORT;
}

/**
 * Go also accepts a name in brackets. For an IPv6 address, only the form is checked: 3 to 9 parts, with or without a
 * zone.
 */
function isNameOrIpv6(host: string): boolean {
	if (/^[\w.-]+$/.test(host)) return true;
	const parts = host.split(':').length;
	return /^[\da-f:.]+(%[\w.-]+)?$/i.test(host) && parts >= 3 && parts <= 9 && !host.includes(':::');
}

/**
 * Removes possible passwords, as in `rediss://user:password@host`, `redis://:password` and `host:port,password=...` of
 * other clients. After a `?`, a `=` or a comma, only another `host:port` is shown.
 */
const masked = (address: string): string =>
	address
		.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1***@')
		.replace(/^([a-z][a-z\d+.-]*:\/\/):.*/is, '$1***')
		.replace(/=.*/s, '=***')
		.replace(/\?(?!\w+=\*).*/s, '?***')
		.replace(/,(?!\w+=\*|[\w.-]+:\d+(?:,|$)).*/s, ',***');
