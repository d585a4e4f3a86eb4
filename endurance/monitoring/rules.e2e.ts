/** Checks the alert rules and every expression of the dashboard with promtool. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { read } from '../../test/harness/documents.ts';
import { dashboard, expressionsOf, withVariables } from './dashboard.ts';
import { findProgram } from './programs.ts';
import { ruleFile } from './rule-file.ts';

describe('monitoring: promtool', () => {
	const folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-rules-'));
	let promtool = '';
	before(async () => {
		promtool = await findProgram('promtool', process.env, (line) => void process.stderr.write(`${line}\n`));
	});
	after(() => rmSync(folder, { recursive: true }));

	const run = (files: Readonly<Record<string, string>>, ...args: string[]): void => {
		for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
		const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' });
		expect(status, stdout + stderr).to.equal(0);
	};

	it('the rules › checked › no error', () => {
		run({ 'rules.yaml': ruleFile() }, 'check', 'rules', '--lint-fatal', 'rules.yaml');
	});
	it('every alert › tested › fires only when it should', () => {
		const files = { 'rules.yaml': ruleFile(), 'alerts.yaml': read('endurance/monitoring/alerts.yaml') };
		run(files, 'test', 'rules', 'alerts.yaml');
	});
	it('every expression in the dashboard › checked › valid', () => {
		const rules = expressionsOf(dashboard()).map((expr, index) => ({
			record: `panel:${index}`,
			expr: withVariables(expr, '1m'),
		}));
		run({ 'panels.yaml': stringify({ groups: [{ name: 'panels', rules }] }) }, 'check', 'rules', 'panels.yaml');
	});
});
