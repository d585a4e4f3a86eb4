/**
 * Checks the workflows with actionlint: names, types, expressions and contexts. Go builds actionlint and keeps it in
 * the Go build cache.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ROOT, read } from '../../harness/documents.ts';

describe('actionlint', function () {
	// Go builds actionlint once, which needs 20 s of CPU time.
	this.timeout(300_000);
	let folder: string;
	before(function () {
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-actionlint-'));
		const { error } = spawnSync('go', ['version']);
		if (error === undefined) return;
		if (process.env['CI'] === 'true') throw error;
		process.stderr.write(
			'\n!! tests of the workflows with actionlint are SKIPPED: Go is not installed (no `go` in PATH)\n\n',
		);
		this.skip();
	});
	after(() => rmSync(folder, { recursive: true }));

	/** Runs actionlint without shellcheck and pyflakes, which only some machines have. */
	const lint = (files: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
		spawnSync('go', ['tool', 'actionlint', '-no-color', '-oneline', '-shellcheck=', '-pyflakes=', ...files], {
			cwd: join(import.meta.dirname, 'go'),
			encoding: 'utf8',
			env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly' },
		});

	it('.github/workflows › no findings', () => {
		const workflows = join(ROOT, '.github/workflows');
		const { status, stdout, stderr } = lint(readdirSync(workflows).map((name) => join(workflows, name)));
		expect({ status, stdout }, stderr).to.deep.equal({ status: 0, stdout: '' });
	});
	it('the workflow in docs/review.md › no findings', () => {
		const [, workflow = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(read('docs/review.md')) ?? [];
		writeFileSync(join(folder, 'review.yaml'), workflow);
		const { status, stdout, stderr } = lint([join(folder, 'review.yaml')]);
		expect({ status, stdout }, stderr).to.deep.equal({ status: 0, stdout: '' });
	});
	it('a misspelt property › reported', () => {
		const text = readFileSync(join(ROOT, '.github/workflows/ci.yaml'), 'utf8');
		writeFileSync(join(folder, 'wrong.yaml'), text.replace('matrix.image ', 'matrix.imge '));
		const { status, stdout } = lint([join(folder, 'wrong.yaml')]);
		expect(status).to.equal(1);
		expect(stdout).to.include('property "imge" is not defined');
	});
});
