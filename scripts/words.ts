/**
 * `make check`: finds words and names that this project no longer uses. Prose uses the words of the Kubernetes API reference, and each
 * retired name has a standard one. Add a row when a review finds another word that readers do not understand.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Maps a word to its replacement. */
const WORDS: Readonly<Record<string, string>> = {
	'mend|mends|mended': 'fix or correct',
	anew: 'again',
	'somebody|someone': 'another client, a user',
	nobody: 'no client, no replica',
	'whoever|whosoever|whomever': 'any client that',
	'speaks|spoken': 'uses or supports',
	'told|tells': 'logs, returns or reports',
	ours: 'of toolhive-scaling',
	'registrations?': 'webhook configuration',
	crumbs: 'small chunks',
};

/** Maps retired identifiers in src to the names that replace them. */
const NAMES: Readonly<Record<string, string>> = {
	'World|Scene': 'ReconcilerClient, ReconcileContext',
	OCCASIONS: 'EVENT_REASONS',
	Pace: 'RateLimiter',
	'Standing|Patience': 'SettleTimer, RevertBackoff',
	'carried|owed|carry|appliedNote|noteApplied': 'appliedReplicas, pendingReplicas',
	'Memory|remember': 'Cache',
	OnTouched: 'Enqueue',
	'campaign|Term': 'LeaderContext',
	'IsLookedAfter|LeftOut': 'NamespaceFilter, SkippedNamespaces',
	'InTurn|createLooking|giveWay|Held': 'SerialQueue, BodyBudget',
	'createKeeper|judgeLeaf|trustedBy|isDue': 'rotator, verifyServingCertificate, trustBundle, needsRenewal',
	'Surroundings|sharing': 'ClusterContext, sharesKeySpaceWith',
	'Saying|examine|remedy|outlook': 'CheckResult, runChecks, fix, preview',
	'authority|leaf': 'CA, serving certificate',
};

/** Maps metrics and alerts that were renamed before the first release (CHANGELOG.md) to their new names. */
const METRICS: Readonly<Record<string, string>> = {
	thv_scaling_reconciler_passes_total: 'thv_scaling_reconcile_total',
	thv_scaling_reconciler_waiting_rollouts: 'thv_scaling_reconciler_pending_rollouts',
	thv_scaling_watch_silent_seconds: 'thv_scaling_watch_last_event_age_seconds',
	thv_scaling_certificate_upkeep_total: 'thv_scaling_certificate_sync_total',
	thv_scaling_authority_expiry_timestamp_seconds: 'thv_scaling_ca_expiry_timestamp_seconds',
	'what="authority"': 'what="ca"',
	ToolHiveScalingPassesFail: 'ToolHiveScalingReconcileFails',
	ToolHiveScalingCertificateEndsSoon: 'ToolHiveScalingCertificateExpiresSoon',
	ToolHiveScalingCertificateEnds: 'ToolHiveScalingCertificateExpires',
	ToolHiveScalingAuthorityEnds: 'ToolHiveScalingCAExpires',
	ToolHiveScalingCertificatesUnattended: 'ToolHiveScalingCertificateSyncFails',
};

const PROSE = [
	'*.md',
	'docs',
	'src',
	'manifests',
	'certs',
	'demo',
	'examples',
	'scripts',
	'Makefile',
	'Dockerfile',
	'.github',
	'test',
	'endurance',
];
/** Excludes generated files, files from other projects, the history, and the lists of words with their test. */
const EXCLUDED =
	/^(CHANGELOG\.md|scripts\/words\.ts|test\/unit\/scripts\/words\.test\.ts|manifests\/chart\/files\/|test\/fixtures\/)|go\.(mod|sum)$/;

/** Returns the problems in one file, one line each. */
export function retiredWords(file: string, text: string): string[] {
	const isSource = file.startsWith('src/');
	const isComment = (line: string): boolean => /^\s*(\/?\*|\/\/)/.test(line);
	return text.split('\n').flatMap((line, index) => {
		const at = `${file}:${index + 1}`;
		// Code and test titles that a page quotes are checked in their own files.
		const prose = line.replaceAll(/`[^`]*`|\]\([^)]*\)|"[^"]*"/g, (quoted) => (isSource ? quoted : ''));
		return [
			...found(WORDS, prose, 'i').map(([word, better]) => `${at}: "${word}"; write ${better}`),
			...(isSource && !isComment(line)
				? found(NAMES, line, '').map(([name, better]) => `${at}: ${name}; the name is ${better}`)
				: []),
			...found(METRICS, line, '').map(([name, better]) => `${at}: ${name}; the name is ${better}`),
		];
	});
}

function found(table: Readonly<Record<string, string>>, line: string, flags: string): [string, string][] {
	return Object.entries(table).flatMap(([words, better]): [string, string][] => {
		// Allows a word that is a part of a name, such as certificate-authority-data.
		const [match] = new RegExp(`(?<![\\w-])(?:${words})(?![\\w-])`, flags).exec(line) ?? [];
		return match === undefined ? [] : [[match, better]];
	});
}

if (import.meta.main) {
	const root = join(import.meta.dirname, '..');
	const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...PROSE], {
		...{ cwd: root, encoding: 'utf8' },
	})
		.trim()
		.split('\n');
	const problems = files
		.filter((file) => !EXCLUDED.test(file) && existsSync(join(root, file)))
		.flatMap((file) => retiredWords(file, readFileSync(join(root, file), 'utf8')));
	for (const problem of problems) process.stderr.write(`words: ${problem}\n`);
	if (problems.length > 0) process.exitCode = 1;
}
