/** Reads the alert rules, in the format of the Prometheus operator and in the format of Prometheus. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT, read } from '../../test/harness/documents.ts';

interface AlertRule {
	readonly alert: string;
	readonly expr: string;
	readonly for?: string;
	readonly labels: { readonly severity: string };
	readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

export const COMPONENT = 'manifests/components/monitoring';

export const alertRules = (): AlertRule[] =>
	parse(read(`${COMPONENT}/rules.yaml`)).spec.groups.flatMap((group: { rules: AlertRule[] }) => group.rules);

/** Creates the rule file with the command in docs/monitoring.md. */
export function ruleFile(): string {
	const [command] = /^sed .*rules\.yaml.*$/m.exec(read('docs/monitoring.md')) ?? [];
	if (command === undefined) throw new Error('docs/monitoring.md has no command that creates a rule file');
	return execFileSync('bash', ['-c', command.replace(/ > \S+$/, '')], { cwd: join(ROOT), encoding: 'utf8' });
}
