import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Server } from '../../../src/api/types.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import { checkSecrets } from '../../../src/doctor/secrets.ts';
import { contextOf, linesOf, refusal, reports, server } from './results.ts';

const needing = (name: string, secret: string, key = 'password', provider = 'redis') =>
	server(name, { sessionStorage: { provider, address: 'redis:6379', passwordRef: { name: secret, key } } });

const KEYS: Readonly<Record<string, readonly string[]>> = { redis: ['password'], empty: [] };
const ERRORS: Readonly<Record<string, Error>> = {
	hidden: refusal(403),
	veiled: refusal(403),
	broken: refusal(500, 'hunter2'),
	slow: new Error('no answer within 10 s'),
};
const read: ClusterReader['keysOfSecret'] = async ({ name }) => {
	if (ERRORS[name] !== undefined) throw ERRORS[name];
	return KEYS[name];
};
const check = (servers: readonly Server[], keysOfSecret = read) =>
	checkSecrets(
		contextOf({ keysOfSecret }, { servers: async () => servers.map((one) => ({ ...one, apiVersion: '' })) }),
	);
const of =
	(...servers: Server[]) =>
	() =>
		check(servers);

const NONE = 'ok: no server refers to a password Secret';
const missing = (secret: string, users: string): string =>
	`fail: Secret demo/${secret} does not exist, and ${users} it`;

describe('doctor › Secrets', () => {
	reports('provider memory', of(needing('web', 'nowhere', 'password', 'memory')), [NONE]);
	reports('one exists', of(needing('web', 'redis')), ['ok: the password Secret …']);
	reports(
		'missing for two servers, of which one has a strange key',
		of(needing('web', 'no'), needing('api', 'no', "a'$b")),
		[
			missing('no', 'MCPServer web and MCPServer api need') +
				` → kubectl create secret generic no -n demo --from-file=password=FILE --from-file='a'\\''$b'=FILE`,
		],
	);
	reports('without the key', of(needing('web', 'redis'), needing('api', 'redis', 'x')), [
		'fail: Secret demo/redis has no key x (it has password), and MCPServer api needs it → … edit mcpserver api -n demo',
	]);
	reports('empty', of(needing('web', 'empty')), ['fail: Secret demo/empty has no key password (it is empty), …']);
	reports(
		'requests fail, without the message of the API server',
		of(
			...['slow', 'veiled', 'hidden', 'nowhere', 'redis', 'broken'].map((secret) => needing(`uses-${secret}`, secret)),
		),
		[
			'fail: Secret demo/broken cannot be read: the API server returns 500',
			missing('nowhere', 'MCPServer uses-nowhere needs'),
			'fail: Secret demo/slow cannot be read: no answer within 10 s',
			'warn: 2 password Secrets were not checked, … demo/hidden and demo/veiled',
		],
	);

	for (const name of ['../pods', '', '--help', '$(id)'])
		it(`a Secret named ${JSON.stringify(name)} › no request, and not in a command`, async () => {
			const results = await check([needing('web', name)], () => Promise.reject(new Error('a request')));
			expect(results.map(({ message }) => message)).to.deep.equal([
				'has a name that Kubernetes does not allow, and MCPServer web needs it',
			]);
			expect(results[0]?.fix).not.to.match(/\$\(id\)|\.\.|--help/);
		});
	it('many Secrets › one request for each, at most five in parallel', async () => {
		let [running, most, requests] = [0, 0, 0];
		const servers = Array.from({ length: 46 }, (_, index) => needing(`s${index}`, `secret-${index % 23}`));
		const results = await check(servers, async () => {
			requests += 1;
			running += 1;
			most = Math.max(most, running);
			await new Promise(setImmediate);
			running -= 1;
			return ['password'];
		});
		expect([requests, most]).to.deep.equal([23, 5]);
		expect(linesOf(results)).to.deep.equal(['ok: all 23 password Secrets exist and have their keys']);
	});
});
