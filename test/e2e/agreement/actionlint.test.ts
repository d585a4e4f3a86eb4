/**
 * Checks the workflows with actionlint: names, types, expressions and contexts. Go builds actionlint and keeps it in
 * the Go build cache.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { read } from '../../harness/documents.ts';

describe('actionlint', function () {
	// Go builds actionlint once, which needs 20 s of CPU time.
	this.timeout(300_000);
	before(function () {
		const { error } = spawnSync('go', ['version']);
		if (error === undefined) return;
		if (process.env['CI'] === 'true') throw error;
		process.stderr.write('\n!! tests of the workflows with actionlint are SKIPPED: no `go` in PATH\n\n');
		this.skip();
	});

	/** Runs actionlint without shellcheck and pyflakes, which only some machines have. */
	const lint = (input: string): { status: number | null; stdout: string; stderr: string } =>
		spawnSync('go', ['tool', 'actionlint', '-oneline', '-shellcheck=', '-pyflakes=', '-'], {
			...({ cwd: join(import.meta.dirname, 'go'), encoding: 'utf8', input } as const),
			env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly' },
		});
	const [, inReview = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(read('docs/review.md')) ?? [];
	const ci = read('.github/workflows/ci.yaml');
	for (const [title, text] of [
		['ci.yaml', ci],
		['release.yaml', read('.github/workflows/release.yaml')],
		['the workflow in docs/review.md', inReview],
	] as const)
		it(`${title} › no findings`, () => {
			const { status, stdout, stderr } = lint(text);
			expect({ status, stdout }, stderr).to.deep.equal({ status: 0, stdout: '' });
		});
	it('a misspelt property › reported', () =>
		expect(lint(ci.replace('matrix.image ', 'matrix.imge ')).stdout).to.include('property "imge" is not defined'));
});
