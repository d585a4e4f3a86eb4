/** One warning, as two tables: where it speaks and where it is silent. */
import { expect } from 'chai';
import { warningText } from '../../src/admission/response.ts';
import type { Kind } from '../../src/api/names.ts';
import type { ServerSpec } from '../../src/api/types.ts';
import type { ClusterContext, Finding } from '../../src/policy/finding.ts';
import { serverFindings } from '../../src/policy/rules.ts';
import { server } from './servers.ts';

export interface WarningRow {
	readonly it: string;
	readonly kind?: Kind;
	readonly spec: Partial<ServerSpec>;
	readonly before?: Partial<ServerSpec>;
	readonly around?: ClusterContext;
	/** A part of the message. */
	readonly says?: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
export const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

export function describeWarning(
	id: string,
	field: string,
	{ speaks, silent }: { speaks: readonly WarningRow[]; silent: readonly WarningRow[] },
): void {
	describe(`warning ${id}`, () => {
		for (const row of speaks) {
			it(`speaks: ${row.it}`, () => {
				const found = findingOf(id, row);
				expect(found, 'the warning').to.not.equal(undefined);
				expect(found?.field).to.equal(field);
				if (row.says !== undefined) expect(found?.message).to.include(row.says);
				const text = warningText(found as Finding);
				expect(text).to.have.length.at.most(120);
				expect(text).to.not.match(CONTROL);
				expect(text, 'ends with what the ignore annotation takes').to.match(new RegExp(`\\(${id}\\)$`));
			});
		}
		for (const row of silent) {
			it(`is silent: ${row.it}`, () => {
				expect(findingOf(id, row)).to.equal(undefined);
			});
		}
		it('is silenced by its own name, and by nothing else', () => {
			const [row] = speaks;
			if (row === undefined) throw new Error('a warning needs a row in which it speaks');
			expect(findingOf(id, row, [id])).to.equal(undefined);
			expect(findingOf(id, row, ['some-other-id'])).to.not.equal(undefined);
		});
	});
}

function findingOf(id: string, row: WarningRow, ignore: string[] = []): Finding | undefined {
	const findings = serverFindings({
		server: server(row.spec, row.kind, ignore),
		before: row.before && server(row.before, row.kind),
		clusterContext: row.around ?? {},
	});
	return findings.find((finding) => finding.id === id);
}
