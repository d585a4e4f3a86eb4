/** Runs the rows of a table about the plan. */
import { expect } from 'chai';
import { it } from 'mocha';
import { planOf, type Situation } from '../../../src/certificates/plan.ts';
import type { KeyPair, SecretData } from '../../../src/certificates/secret-data.ts';
import { HOSTS, NOW_MS } from '../../harness/certificates.ts';

export interface Row {
	readonly it: string;
	readonly held?: SecretData;
	readonly served?: KeyPair;
	readonly caBundles?: readonly string[];
	readonly trustedForMs?: number;
	/** `name: reason`, undefined for nothing. */
	readonly step?: string;
	readonly keep?: SecretData;
	readonly make?: string;
}

export const situationOf = (row: Omit<Row, 'it'>): Situation => ({
	data: row.held,
	caBundles: row.caBundles ?? [],
	trustedForMs: row.trustedForMs ?? 0,
	served: row.served,
	hosts: HOSTS,
	nowMs: NOW_MS,
});

export function follow(rows: readonly Row[]): void {
	for (const row of rows) {
		it(row.it, () => {
			const situation = situationOf(row);
			const before = structuredClone(situation);
			const step = planOf(situation);
			expect(step && `${step.name}: ${step.reason}`).to.equal(row.step);
			expect(step?.keep).to.deep.equal(row.keep);
			expect(step?.make.join(' ')).to.equal(row.make);
			expect(situation).to.deep.equal(before);
		});
	}
}
