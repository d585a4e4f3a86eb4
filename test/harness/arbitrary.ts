/** Generates random servers, and the objects that an operator may create for them. */
import fc from 'fast-check';
import type { Json } from '../../src/api/types.ts';
import { runConfigJson } from './arbitrary-json.ts';
import {
	configMap,
	deployment,
	mcpRemoteProxy,
	mcpServer,
	PASSWORD_ENTRY,
	pod,
	stdioServer,
	virtualMcpServer,
} from './objects.ts';

/** Unique names, so that tests can check that no ConfigMap contains them. */
export const SECRET_NAME = 'secret-name-7d1';
export const SECRET_KEY = 'secret-key-9f2';

const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
	fc.option(values, { nil: undefined, freq: 2 });
/** Converts an object to JSON, which has no undefined values. */
const asJson = (object: unknown): Json => JSON.parse(JSON.stringify(object)) as Json;
/** Builds an object from entries as a JSON parser does: `__proto__` is a key like any other. */
const parsed = (entries: readonly (readonly [string, unknown])[]): Json =>
	JSON.parse(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`) as Json;

const strangeKey = fc.constantFrom('__proto__', 'constructor', 'a/b~c', 'toolhive', '', 'ключ');
const strangeMap = fc
	.uniqueArray(fc.tuple(strangeKey, fc.string({ maxLength: 5 })), { maxLength: 4, selector: ([name]) => name })
	.map(parsed);

const count = fc.constantFrom(0, 1, 2, 3, 2147483647);
const storage = fc.record(
	{
		provider: fc.constantFrom('redis', 'redis', 'memory'),
		address: fc.constantFrom('redis.db.svc:6379', 'r:1', '', '<&>:1', 'a'.repeat(5000)),
		db: fc.constantFrom(0, 2),
		keyPrefix: fc.constantFrom('a:', '', 'yes', '😀:'),
		passwordRef: fc.constant({ name: SECRET_NAME, key: SECRET_KEY }),
		tls: fc.constantFrom({}, { insecureSkipVerify: true }),
	},
	{ requiredKeys: ['provider'] },
);
const spec = fc
	.record({ replicas: optional(count), backendReplicas: optional(count), sessionStorage: optional(storage) })
	.map(asJson);

export const server: fc.Arbitrary<Json> = fc
	.tuple(
		fc.constantFrom(mcpServer, stdioServer, virtualMcpServer, mcpRemoteProxy),
		spec,
		fc.constantFrom('toolhive.stacklok.dev/v1alpha1', 'toolhive.stacklok.dev/v1beta1'),
	)
	.map(([make, fields, apiVersion]) => ({ ...make(fields), apiVersion }));

const { name: PASSWORD } = PASSWORD_ENTRY;
const variable = fc.constantFrom(
	{ name: 'HOME', value: '/tmp' },
	{ name: '__proto__', value: 'x' },
	{ name: PASSWORD, value: 'plain' },
	{ name: PASSWORD, valueFrom: { secretKeyRef: { name: SECRET_NAME, key: SECRET_KEY } } },
	{ name: PASSWORD, valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } },
	{ name: PASSWORD },
	...[null, 3, 'x'],
);
const preStop = (action: object): object => ({ preStop: action });
const lifecycle = fc.constantFrom(
	...[undefined, undefined, null, {}, 'x', preStop({ exec: { command: ['sleep', '5'] } })],
	...[{ seconds: 5 }, { seconds: 60 }, null].map((sleep) => preStop({ sleep })),
);
const container = fc.record({
	name: fc.constantFrom('toolhive', 'vmcp', 'side'),
	image: fc.constantFrom('x:v0.12.5', 'x:v0.16.0', 'x:latest'),
	env: fc.option(fc.array(variable, { maxLength: 5 })),
	lifecycle,
});
const containers = fc.oneof(
	{ weight: 6, arbitrary: fc.array(container, { maxLength: 3 }) },
	{ weight: 1, arbitrary: fc.constantFrom(null, [null], 'x', {}) },
);
const grace = fc.constantFrom(undefined, null, 0, 30, 60, '30');
const sentCount = fc.constantFrom(undefined, null, 0, 1, 2, 5, '3');

export const deploymentOf = (owner: Json): fc.Arbitrary<Json> =>
	fc
		.tuple(sentCount, containers, grace, fc.option(strangeMap), optional(fc.constantFrom('1', '3')))
		.map(([replicas, list, terminationGracePeriodSeconds, others, applied]) => {
			const annotations = applied === undefined ? others : { ...others, 'toolhive-scaling/applied-replicas': applied };
			const podSpec = { containers: list, terminationGracePeriodSeconds };
			return asJson(deployment(owner, { replicas }, podSpec, { annotations }));
		});

export const podOf = (owner: Json): fc.Arbitrary<Json> =>
	containers.map((list) => asJson(pod(owner, { containers: list })));

const yaml = fc.constantFrom(
	...['name: hub\n', '# c\nname: hub # d\n', '{}', 'sessionStorage: {provider: memory}\n', 'sessionStorage: null\n'],
	...['sessionStorage:\n    provider: redis\n    address: r:1\n    tls: {}\n', '- x\n', ''],
);

export const configMapOf = (owner: Json): fc.Arbitrary<Json> =>
	fc
		.tuple(owner['kind'] === 'VirtualMCPServer' ? yaml : runConfigJson, strangeMap, strangeMap)
		.map(([text, data, labels]) => {
			const object = configMap(owner, text, { labels });
			return { ...object, data: parsed([...Object.entries(data), ...Object.entries(object['data'] as Json)]) };
		});

export const specOf = (object: Json): Json => object['spec'] as Json;
