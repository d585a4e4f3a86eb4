/** Checks the alert rules with promtool. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { read } from '../../test/harness/documents.ts';
import { findProgram } from './programs.ts';
import { ruleFile } from './rule-file.ts';

describe('monitoring: promtool', () => {
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-rules-'));
	let promtool = '';
	before(async () => {
		promtool = await findProgram('promtool', process.env, (line) => void process.stderr.write(`${line}\n`));
		writeFileSync(join(folder, 'rules.yaml'), ruleFile());
		writeFileSync(join(folder, 'alerts.yaml'), read('endurance/monitoring/alerts.yaml'));
	});
	after(() => rmSync(folder, { recursive: true }));

	for (const [title, ...args] of [
		['the rules › checked › no error', 'check', 'rules', '--lint-fatal', 'rules.yaml'],
		['every alert › tested › fires only when it should', 'test', 'rules', 'alerts.yaml'],
	] as const)
		it(title, () => {
			const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' });
			expect(status, stdout + stderr).to.equal(0);
		});
});
