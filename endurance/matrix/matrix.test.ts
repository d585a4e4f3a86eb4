import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Cell, MATRIX, mergeCells } from './report.ts';
import { KUBERNETES } from './versions.ts';

const cell = (operator: string, kubernetes: string, more: Partial<Cell> = {}): Cell => ({
	...{ operator, kubernetes, kubernetesVersion: KUBERNETES[kubernetes] ?? '', date: '2026-11-30', seconds: 150 },
	...{ passed: ['replicas', 'denial'], failed: [] },
	...more,
});
describe('make matrix', () => {
	it('a new run of a cell › replaces only that cell', () => {
		const older = [cell('v0.47.0', '1.30'), cell('v0.47.0', '1.36')];
		const newer = [cell('v0.47.0', '1.30', { seconds: 9 })];
		expect(mergeCells(older, newer)).to.deep.equal([newer[0], older[1]]);
	});
	it('the table › cells that passed, failed and did not run › the reasons are below it', () => {
		const failed = [{ check: 'replicas › a › b', message: 'expected 1\n  to equal 2 | 3' }];
		const results = [cell('v0.12.5', '1.30', { failed }), cell('v0.47.0', '1.30')];
		const text = MATRIX.tables({ results } as never);
		for (const row of [
			'| Kubernetes | operator v0.12.5 | operator v0.47.0 | operator v0.55.1 | operator v0.63.0 |',
			'| v1.30.14 | **1 of 3 failed** (2026-11-30, 150 s) | 2 passed (2026-11-30, 150 s) | did not run | did not run |',
			'| operator v0.12.5, Kubernetes v1.30.14 | replicas › a › b | expected 1 to equal 2 \\| 3 |',
		])
			expect(text).to.contain(row);
	});
});
