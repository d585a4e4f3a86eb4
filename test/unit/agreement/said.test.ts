/** What the documents say that the program prints. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { between, codesOf, ROOT, read, rowsOf } from '../../harness/documents.ts';
import { MAIN } from '../../harness/main-file.ts';

const blocksOf = (text: string, language: string): string[] =>
	[...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code);

describe('what the documents say that is printed', () => {
	it('docs/review.md quotes messages that the program has', () => {
		const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
			.filter((file) => file.endsWith('.ts'))
			.map((file) => read(`src/${file}`))
			.join('\n');
		const quoted = rowsOf(between(read('docs/review.md'), '## What cannot be read', '## ')).flatMap(([cell = '']) =>
			// Three dots stand for what varies, and the version is put in.
			codesOf(cell).flatMap((message) => message.split(/…|"…"|22\.19/)),
		);
		const parts = quoted.map((part) => part.replaceAll('"', '').trim()).filter((part) => part !== '');
		expect(parts).to.have.length.above(10);
		expect(parts.filter((part) => !source.includes(part))).to.deep.equal([]);
	});

	it('docs/first-ten-minutes.md: the first review prints what stands below it, and the mended folder nothing bad', () => {
		const page = read('docs/first-ten-minutes.md');
		const folder = mkdtempSync(join(tmpdir(), 'thv-scaling-page-'));
		try {
			cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true });
			const [, first = '', mended = ''] = blocksOf(page, 'sh');
			const [report, clean = ''] = blocksOf(page, 'text');
			const program = `"${process.execPath}" "${MAIN}"`;
			const run = (code: string): string =>
				spawnSync('bash', ['-c', code.replaceAll(/\bthv-scaling\b/g, program)], {
					cwd: folder,
					encoding: 'utf8',
				}).stdout;
			expect(run(first)).to.equal(report);
			expect(run(mended).endsWith(clean)).to.equal(true);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});
