import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Cell, MATRIX, mergeCells } from './report.ts';
import { chooseCells, KUBERNETES, OPERATORS } from './versions.ts';

const cell = (operator: string, kubernetes: string, more: Partial<Cell> = {}): Cell => ({
	...{ operator, kubernetes, kubernetesVersion: KUBERNETES[kubernetes] ?? '', date: '2026-11-30', seconds: 150 },
	...{ passed: ['replicas', 'denial'], failed: [] },
	...more,
});
const tablesOf = (results: readonly Cell[]): string =>
	MATRIX.tables({
		...{ date: '2026-11-30', machine: { cpu: 'any', cores: 2, platform: 'linux' }, versions: {}, options: {} },
		results,
	});

describe('make matrix', () => {
	it('no variables › every operator on every Kubernetes version', () =>
		expect(chooseCells({})).to.have.length(OPERATORS.length * Object.keys(KUBERNETES).length));
	it('OPERATORS and KUBERNETES › only the selected cells, in the order of the matrix', () =>
		expect(chooseCells({ OPERATORS: 'v0.63.0, v0.47.0', KUBERNETES: '1.30' })).to.deep.equal([
			{ operator: 'v0.47.0', kubernetes: '1.30' },
			{ operator: 'v0.63.0', kubernetes: '1.30' },
		]));
	for (const [name, value, known] of [
		['OPERATORS', 'v0.48.0', 'v0.12.5, v0.47.0, v0.55.1, v0.63.0'],
		['KUBERNETES', '1.29', '1.30, 1.33, 1.34, 1.35, 1.36'],
		['KUBERNETES', 'constructor', '1.30, 1.33, 1.34, 1.35, 1.36'],
	] as const)
		it(`${name}=${value} › an error with the known versions`, () =>
			expect(() => chooseCells({ [name]: value })).to.throw(
				`${name}=${value} is not in the matrix; choose from ${known}`,
			));

	it('a new run of a cell › replaces only that cell', () => {
		const older = [cell('v0.47.0', '1.30'), cell('v0.47.0', '1.36')];
		const newer = [cell('v0.47.0', '1.30', { seconds: 9 })];
		expect(mergeCells(older, newer)).to.deep.equal([newer[0], older[1]]);
	});
	it('the table › cells that passed, failed, were not built and did not run › the reasons are below it', () => {
		const failed = [{ check: 'replicas › a › b', message: 'expected 1\n  to equal 2 | 3' }];
		const text = tablesOf([
			cell('v0.12.5', '1.30', { failed }),
			cell('v0.47.0', '1.30'),
			cell('v0.55.1', '1.30', { passed: [], notBuilt: 'Go is not installed' }),
		]);
		expect(text).to.contain(
			'| Kubernetes | operator v0.12.5 | operator v0.47.0 | operator v0.55.1 | operator v0.63.0 |',
		);
		expect(text).to.contain(
			'| v1.30.14 | **1 of 3 failed** (2026-11-30, 150 s) | 2 passed (2026-11-30, 150 s) | **not built** | did not run |',
		);
		expect(text).to.contain(
			'| operator v0.12.5, Kubernetes v1.30.14 | replicas › a › b | expected 1 to equal 2 \\| 3 |',
		);
		expect(text).to.contain('| operator v0.55.1, Kubernetes v1.30.14 | build | Go is not installed |');
	});
});
