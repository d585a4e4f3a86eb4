import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Server } from '../../../src/api/types.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import { checkSecrets } from '../../../src/doctor/secrets.ts';
import { contextOf, fixes, refusal, sentences, server } from './results.ts';

const needing = (name: string, secret: string, key = 'password', provider = 'redis') =>
	server(name, { sessionStorage: { provider, address: 'redis:6379', passwordRef: { name: secret, key } } });

/** Keys by name of the Secret; `undefined` for one that nobody may see. */
const cluster =
	(
		known: Readonly<Record<string, readonly string[] | undefined>>,
		asked: string[] = [],
	): ClusterReader['keysOfSecret'] =>
	async ({ namespace, name }) => {
		asked.push(`${namespace}/${name}`);
		if (Object.hasOwn(known, name) && known[name] === undefined) throw refusal(403);
		return known[name];
	};

const secrets = (servers: readonly Server[], keysOfSecret: ClusterReader['keysOfSecret']) =>
	checkSecrets(
		contextOf({ keysOfSecret }, { servers: async () => servers.map((one) => ({ ...one, apiVersion: '' })) }),
	);

describe('doctor: Secrets', () => {
	for (const row of [
		{ it: 'no server needs one', servers: [server('web')], says: ['ok: no server names a password Secret'] },
		{
			it: 'memory needs none',
			servers: [needing('web', 'nowhere', 'password', 'memory')],
			says: ['ok: no server names a password Secret'],
		},
		{ it: 'there', servers: [needing('web', 'redis')], says: ['ok: the password Secret is there, with its key'] },
		{
			it: 'all there',
			servers: [needing('web', 'redis'), needing('api', 'cache')],
			says: ['ok: all 2 password Secrets are there, with their keys'],
		},
		{
			it: 'not there › one line for all servers that need it',
			servers: [needing('web', 'nowhere'), needing('api', 'nowhere', 'other')],
			says: ['fail: Secret demo/nowhere is not there, and MCPServer web and MCPServer api need it'],
			fix: 'kubectl create secret generic nowhere -n demo --from-file=password=FILE --from-file=other=FILE',
		},
		{
			it: 'without the key',
			servers: [needing('web', 'redis'), needing('api', 'redis', 'passwort')],
			says: ['fail: Secret demo/redis has no key passwort (it has password), and MCPServer api needs it'],
			fix: 'mend spec.sessionStorage.passwordRef: kubectl edit mcpserver api -n demo',
		},
		{
			it: 'empty',
			servers: [needing('web', 'empty')],
			says: ['fail: Secret demo/empty has no key password (it is empty), and MCPServer web needs it'],
		},
		{
			it: 'forbidden › one line for all',
			servers: [needing('web', 'hidden'), needing('api', 'veiled'), needing('ok', 'redis')],
			says: ['warn: 2 password Secrets may not be looked at by you: demo/hidden and demo/veiled'],
		},
		{
			it: 'in the order of their names',
			servers: ['c', 'a', 'b'].map((name) => needing(name, `nowhere-${name}`)),
			says: ['a', 'b', 'c'].map(
				(name) => `fail: Secret demo/nowhere-${name} is not there, and MCPServer ${name} needs it`,
			),
		},
	]) {
		it(row.it, async () => {
			const keysOfSecret = cluster({
				redis: ['password'],
				cache: ['password', 'x'],
				empty: [],
				hidden: undefined,
				veiled: undefined,
			});
			const said = await secrets(row.servers, keysOfSecret);
			expect(sentences(said)).to.deep.equal(row.says);
			if (row.fix !== undefined) expect(fixes(said)[0]).to.equal(row.fix);
		});
	}

	it('an invalid name › no request, and not in a command', async () => {
		for (const name of ['../pods', '..', '', '--help', 'a b', '$(id)']) {
			const asked: string[] = [];
			const said = await secrets([needing('web', name)], cluster({}, asked));
			expect(asked).to.deep.equal([]);
			expect(said[0]?.fix ?? '').not.to.match(/\$\(id\)|\.\.|--help/);
		}
	});
	it('a key with shell characters › quoted', async () => {
		const said = await secrets([needing('web', 'nowhere', "a'; rm -rf $HOME #")], cluster({}));
		expect(fixes(said)).to.deep.equal([
			`kubectl create secret generic nowhere -n demo --from-file='a'\\''; rm -rf $HOME #'=FILE`,
		]);
	});
	it('several servers with one Secret › one request', async () => {
		const asked: string[] = [];
		const many = Array.from({ length: 12 }, (_, index) => needing(`s${index}`, index % 2 === 0 ? 'redis' : 'cache'));
		await secrets(many, cluster({ redis: ['password'], cache: ['password'] }, asked));
		expect(asked).to.deep.equal(['demo/redis', 'demo/cache']);
	});
	it('a Secret cannot be read › one line without the message of the API server; the others are checked', async () => {
		const known = cluster({ redis: ['password'], hidden: undefined });
		const said = await secrets(
			['broken', 'hidden', 'nowhere', 'redis', 'slow'].map((secret) => needing(`uses-${secret}`, secret)),
			async (named) => {
				if (named.name === 'broken') throw refusal(500, 'hunter2');
				if (named.name === 'slow') throw new Error('no answer within 10 s');
				return known(named);
			},
		);
		expect(sentences(said)).to.deep.equal([
			'fail: Secret demo/broken cannot be read: the API server answers 500',
			'fail: Secret demo/nowhere is not there, and MCPServer uses-nowhere needs it',
			'fail: Secret demo/slow cannot be read: no answer within 10 s',
			'warn: 1 password Secret may not be looked at by you: demo/hidden',
		]);
	});
	it('many Secrets › at most five requests in parallel, and all are read', async () => {
		let asked = 0;
		let running = 0;
		let most = 0;
		const many = Array.from({ length: 23 }, (_, index) => needing(`s${index}`, `secret-${index}`));
		const said = await secrets(many, async ({ name }) => {
			asked += 1;
			running += 1;
			most = Math.max(most, running);
			await sleep(1);
			running -= 1;
			if (name.endsWith('3')) throw refusal(500);
			return ['password'];
		});
		expect({ asked, most }).to.deep.equal({ asked: 23, most: 5 });
		expect(said).to.have.length(2);
	});
});
