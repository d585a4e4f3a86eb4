import { expect } from 'chai';
import { configFindings, scaleFindings, serverFindings } from '../../../src/policy/rules.ts';
import { server } from '../../harness/servers.ts';

const idsOf = (ignore: string[]): string[] =>
	serverFindings({ server: server({ stdio: true, replicas: 2 }, 'MCPServer', ignore), clusterContext: {} }).map(
		({ id }) => id,
	);

const TABLE = [
	{ it: 'nothing ignored', ignore: [], says: ['stdio-replicas-capped', 'session-storage-missing'] },
	{ it: 'one ignored', ignore: ['session-storage-missing'], says: ['stdio-replicas-capped'] },
	{ it: 'both ignored', ignore: ['session-storage-missing', 'stdio-replicas-capped'], says: [] },
	{
		it: 'a known one that has nothing to say',
		ignore: ['shared-key-space'],
		says: ['stdio-replicas-capped', 'session-storage-missing'],
	},
	{
		it: 'an unknown one is itself a warning',
		ignore: ['session-storage-mising'],
		says: ['stdio-replicas-capped', 'session-storage-missing', 'ignore-unknown-id'],
	},
	{
		it: 'the warning that became a denial is unknown: a denial is never silenced',
		ignore: ['key-prefix-separator'],
		says: ['stdio-replicas-capped', 'session-storage-missing', 'ignore-unknown-id'],
	},
	{
		it: 'names of object members are unknown ids like any other',
		ignore: ['constructor', 'stdio-replicas-capped', 'session-storage-missing'],
		says: ['ignore-unknown-id'],
	},
	{
		it: 'the warning about an unreadable RunConfig is known too, although it is told elsewhere',
		ignore: ['run-config-unreadable', 'stdio-replicas-capped', 'session-storage-missing'],
		says: [],
	},
];

describe('annotation toolhive-scaling/ignore', () => {
	for (const row of TABLE) {
		it(row.it, () => {
			expect(idsOf(row.ignore)).to.deep.equal(row.says);
		});
	}
	it('an unknown id is named in its warning, which is about the annotation', () => {
		const found = serverFindings({ server: server({}, 'MCPServer', ['tpyo']), clusterContext: {} });
		expect(found[0]?.message).to.include('tpyo');
		expect(found[0]?.field).to.include('toolhive-scaling/ignore');
	});
	it('ten thousand unknown ids do not make ten thousand warnings', () => {
		const many = Array.from({ length: 10_000 }, (_, index) => `id-${index}`);
		expect(serverFindings({ server: server({}, 'MCPServer', many), clusterContext: {} }).length).to.be.at.most(20);
	});
	it('an unknown id that is itself ignored is not a warning', () => {
		expect(idsOf(['typo', 'ignore-unknown-id', 'stdio-replicas-capped', 'session-storage-missing'])).to.deep.equal([]);
	});
	it('holds for the warnings of a ConfigMap', () => {
		const written = (ignore: string[]): string[] => {
			const facts = { clusterContext: {}, isReadable: false, hasTls: false, isRefusedByImage: false };
			return configFindings({ server: server({}, 'MCPServer', ignore), ...facts }).map(({ id }) => id);
		};
		expect(written([])).to.deep.equal(['run-config-unreadable']);
		expect(written(['run-config-unreadable'])).to.deep.equal([]);
	});
	it('holds for the warning of a Scale', () => {
		const scaled = (ignore: string[]): string[] =>
			scaleFindings(server({ stdio: true }, 'MCPServer', ignore), 3).map(({ id }) => id);
		expect(scaled([])).to.deep.equal(['stdio-replicas-capped']);
		expect(scaled(['stdio-replicas-capped'])).to.deep.equal([]);
	});
});
