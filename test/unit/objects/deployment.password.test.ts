import { expect } from 'chai';
import type { Json, Server } from '../../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../../src/objects/deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import {
	container,
	deployment,
	frozen,
	mcpRemoteProxy,
	mcpServer,
	PASSWORD,
	PASSWORD_ENTRY,
	REDIS,
	virtualMcpServer,
} from '../../harness/objects.ts';

const withPassword = { sessionStorage: { ...REDIS, passwordRef: PASSWORD } };
const HOME = { name: 'HOME', value: '/tmp' };
const POD_MODE = { ...DEFAULT_SETTINGS, passwordEnv: 'pod' } as const;

const TABLE: { it: string; owner: Json; settings?: typeof POD_MODE; gets: object[] }[] = [
	{ it: 'redis and passwordRef', owner: mcpServer(withPassword), gets: [HOME, PASSWORD_ENTRY] },
	{ it: 'a VirtualMCPServer, in container vmcp', owner: virtualMcpServer(withPassword), gets: [HOME, PASSWORD_ENTRY] },
	{ it: 'an MCPRemoteProxy', owner: mcpRemoteProxy(withPassword), gets: [HOME, PASSWORD_ENTRY] },
	{ it: 'redis without passwordRef', owner: mcpServer({ sessionStorage: REDIS }), gets: [HOME] },
	{
		it: 'passwordRef with memory',
		owner: mcpServer({ sessionStorage: { provider: 'memory', passwordRef: PASSWORD } }),
		gets: [HOME],
	},
	{ it: 'sessionStorage unset', owner: mcpServer({ replicas: 3 }), gets: [HOME] },
	{ it: 'pod mode leaves the Deployment alone', owner: mcpServer(withPassword), settings: POD_MODE, gets: [HOME] },
];

const outcomes = (owner: Json, sent: Json, settings = DEFAULT_SETTINGS): Json[] => {
	const server = serverOf(owner) as Server;
	const decision = decide(server);
	const object = frozen(sent);
	return [
		createDeployment(object, server, decision, settings),
		updateDeployment(object, object, server, decision, settings, false),
	];
};
const templateOf = (object: Json): Json => (object['spec'] as Json)['template'] as Json;
const containersOf = (object: Json): Json[] => (templateOf(object)['spec'] as Json)['containers'] as Json[];

describe('Deployment, CREATE and UPDATE: password variable', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			for (const after of outcomes(row.owner, deployment(row.owner), row.settings)) {
				expect(containersOf(after)[0]?.['env']).to.deep.equal(row.gets);
			}
		});
	}
	it('nothing else is put into env, template annotations or labels', () => {
		const owner = mcpServer({ replicas: 3, ...withPassword });
		const sent = deployment(owner, {}, { containers: [container(owner, { env: null })] });
		for (const after of outcomes(owner, sent)) {
			expect(containersOf(after)[0]?.['env']).to.deep.equal([PASSWORD_ENTRY]);
			expect(templateOf(after)['metadata']).to.equal(templateOf(sent)['metadata']);
			expect((after['metadata'] as Json)['labels']).to.equal((sent['metadata'] as Json)['labels']);
		}
	});
	it('a sidecar before or after gets nothing', () => {
		const owner = mcpServer(withPassword);
		const side = { name: 'side', image: 'side:1' };
		const sent = deployment(owner, {}, { containers: [side, container(owner), side] });
		for (const after of outcomes(owner, sent)) {
			const [first, second, third] = containersOf(after);
			expect([first, third]).to.deep.equal([side, side]);
			expect(second?.['env']).to.deep.equal([HOME, PASSWORD_ENTRY]);
		}
	});
});

const BAD: { it: string; object: Json }[] = [
	{ it: 'no spec', object: {} },
	{ it: 'spec is a text', object: { spec: 'x' } },
	{ it: 'no template', object: { spec: { replicas: 3 } } },
	{ it: 'template is null', object: { spec: { replicas: 3, template: null } } },
	{ it: 'template has no spec', object: { spec: { replicas: 3, template: {} } } },
	{ it: 'replicas is a text', object: { spec: { replicas: '1' } } },
];

describe('Deployment that no API server would store', () => {
	for (const { it: title, object } of BAD) {
		it(`${title}: passes without an error`, () => {
			for (const after of outcomes(mcpServer({ replicas: 3, ...withPassword }), object)) {
				expect(JSON.parse(JSON.stringify(after))).to.deep.include(
					title === 'replicas is a text' ? { spec: { replicas: '1' } } : {},
				);
			}
		});
	}
	it('without containers still gets its grace period', () => {
		for (const containers of [undefined, null, [], 'x']) {
			const owner = mcpServer(withPassword);
			const sent = deployment(owner, {}, { containers, terminationGracePeriodSeconds: undefined });
			const [after = {}] = outcomes(owner, sent);
			expect((templateOf(after)['spec'] as Json)['terminationGracePeriodSeconds']).to.equal(45);
			expect((templateOf(after)['spec'] as Json)['containers']).to.equal(containers);
		}
	});
});
