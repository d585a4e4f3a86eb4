import { expect } from 'chai';
import { editRunConfig } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';

const redis = { address: 'r:1', db: 2, keyPrefix: 'a:' };
const written = { address: 'r:1', db: 2, key_prefix: 'a:' };

interface Row {
	it: string;
	wants: RunConfigFields;
	layout?: 'both' | 'top-level';
	is: object;
	/** Undefined: not one byte is changed. */
	gets?: object;
}

const WRITING: Row[] = [
	{
		it: 'backend_replicas at top level and under scaling_config',
		wants: { backendReplicas: 3 },
		is: { name: 'n' },
		gets: { name: 'n', backend_replicas: 3, scaling_config: { backend_replicas: 3 } },
	},
	{
		it: 'backend_replicas 0',
		wants: { backendReplicas: 0 },
		is: { name: 'n' },
		gets: { name: 'n', backend_replicas: 0, scaling_config: { backend_replicas: 0 } },
	},
	{ it: 'backendReplicas unset: key absent', wants: {}, is: { name: 'n' } },
	{
		it: 'session_redis with its three fields',
		wants: { redis },
		is: { name: 'n' },
		gets: { name: 'n', session_redis: written, scaling_config: { session_redis: written } },
	},
	{
		it: 'session_redis without prefix and db',
		wants: { redis: { address: 'r:1' } },
		is: { name: 'n' },
		gets: { name: 'n', session_redis: { address: 'r:1' }, scaling_config: { session_redis: { address: 'r:1' } } },
	},
	{
		it: 'an empty address passes through, db 0 appears',
		wants: { redis: { address: '', db: 0 } },
		is: { name: 'n' },
		gets: {
			name: 'n',
			session_redis: { address: '', db: 0 },
			scaling_config: { session_redis: { address: '', db: 0 } },
		},
	},
	{
		it: 'layout top-level',
		wants: { backendReplicas: 3, redis },
		layout: 'top-level',
		is: { name: 'n' },
		gets: { name: 'n', backend_replicas: 3, session_redis: written },
	},
	{
		it: 'into an empty object',
		wants: { backendReplicas: 1 },
		is: {},
		gets: { backend_replicas: 1, scaling_config: { backend_replicas: 1 } },
	},
	{
		it: 'beside keys of the operator under scaling_config',
		wants: { redis: { address: 'r:1' } },
		is: { scaling_config: { backend_replicas: 2, session_cache_size: 9 } },
		gets: {
			scaling_config: { backend_replicas: 2, session_cache_size: 9, session_redis: { address: 'r:1' } },
			session_redis: { address: 'r:1' },
		},
	},
	{
		it: 'a changed address, with tls of the operator kept',
		wants: { redis: { address: 'r:2' } },
		is: { scaling_config: { session_redis: { address: 'r:1', db: 1, tls: { ca: 'x' } } } },
		gets: {
			scaling_config: { session_redis: { address: 'r:2', tls: { ca: 'x' } } },
			session_redis: { address: 'r:2' },
		},
	},
	{
		it: 'a changed count, in both places',
		wants: { backendReplicas: 5 },
		is: { backend_replicas: 3, scaling_config: { backend_replicas: 3 } },
		gets: { backend_replicas: 5, scaling_config: { backend_replicas: 5 } },
	},
	{
		it: 'top-level keys that are there, and scaling_config that an old operator left out',
		wants: { backendReplicas: 3 },
		is: { backend_replicas: 3 },
		gets: { backend_replicas: 3, scaling_config: { backend_replicas: 3 } },
	},
	{
		it: 'into a scaling_config that is empty',
		wants: { backendReplicas: 3 },
		is: { scaling_config: {} },
		gets: { scaling_config: { backend_replicas: 3 }, backend_replicas: 3 },
	},
	{
		it: 'one on and the other off in one step',
		wants: { backendReplicas: 3 },
		is: { session_redis: written, scaling_config: { session_redis: written } },
		gets: { scaling_config: { backend_replicas: 3 }, backend_replicas: 3 },
	},
	{
		it: 'over values of another type',
		wants: { redis: { address: 'r:1' }, backendReplicas: 1 },
		is: { session_redis: 7, scaling_config: { backend_replicas: 'x', session_redis: [] } },
		gets: {
			session_redis: { address: 'r:1' },
			scaling_config: { backend_replicas: 1, session_redis: { address: 'r:1' } },
			backend_replicas: 1,
		},
	},
];

const ALONE: Row[] = [
	{ it: 'the same in both', wants: { redis }, is: { scaling_config: { session_redis: written } } },
	{
		it: 'absent db is 0, absent key_prefix is empty',
		wants: { redis: { address: 'r:1', db: 0, keyPrefix: '' }, backendReplicas: 2 },
		is: { scaling_config: { backend_replicas: 2, session_redis: { address: 'r:1' } } },
	},
	{
		it: 'tls does not count',
		wants: { redis },
		is: { scaling_config: { session_redis: { ...written, tls: { insecure_skip_verify: true } } } },
	},
	{
		it: 'a default Redis of the operator, for a server that asks for none',
		wants: {},
		is: { scaling_config: { session_redis: { address: 'default:6379' } } },
	},
	{
		it: "the operator's backend_replicas, for a server that asks for none",
		wants: { redis },
		is: { scaling_config: { backend_replicas: 2, session_redis: written } },
	},
	{
		it: 'with layout top-level too',
		wants: { redis },
		layout: 'top-level',
		is: { scaling_config: { session_redis: written } },
	},
];

const OFF: Row[] = [
	{
		it: 'Redis: the key and its equal twin go',
		wants: { backendReplicas: 3 },
		is: {
			name: 'n',
			backend_replicas: 3,
			session_redis: written,
			scaling_config: { backend_replicas: 3, session_redis: written },
		},
		gets: { name: 'n', backend_replicas: 3, scaling_config: { backend_replicas: 3 } },
	},
	{
		it: 'everything: scaling_config goes when nothing is left in it',
		wants: {},
		is: { name: 'n', backend_replicas: 3, scaling_config: { backend_replicas: 3 } },
		gets: { name: 'n' },
	},
	{
		it: 'a twin that differs is the operator’s, and stays',
		wants: {},
		is: { session_redis: written, scaling_config: { session_redis: { address: 'default:6379' } } },
		gets: { scaling_config: { session_redis: { address: 'default:6379' } } },
	},
	{
		it: 'keys of the operator beside it stay',
		wants: {},
		is: { session_redis: written, scaling_config: { session_cache_size: 9, session_redis: written } },
		gets: { scaling_config: { session_cache_size: 9 } },
	},
	{
		it: 'layout top-level after both keeps nothing of what is not wanted',
		wants: {},
		layout: 'top-level',
		is: { name: 'n', session_redis: written, scaling_config: { session_redis: written } },
		gets: { name: 'n' },
	},
];

for (const [what, rows] of Object.entries({ writing: WRITING, 'left alone': ALONE, 'turned off': OFF })) {
	describe(`runconfig.json, ${what}`, () => {
		for (const { it: title, wants, layout = 'both', is, gets } of rows) {
			it(title, () => {
				const text = JSON.stringify(is, null, 2);
				const edited = editRunConfig(text, wants, layout);
				if (gets === undefined) expect(edited).to.equal(text);
				else expect(JSON.parse(edited ?? '')).to.deep.equal(gets);
				expect(editRunConfig(edited ?? '', wants, layout), 'a second time').to.equal(edited);
			});
		}
	});
}
