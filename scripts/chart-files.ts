/** Copies files from manifests/ into the Helm chart, because Helm cannot read files outside its chart. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MANIFESTS = join(import.meta.dirname, '../manifests');

/**
 * The copied files: all files of the base, except for the namespace, which Helm creates, and some files of components.
 */
const COPIED = [
	...readdirSync(join(MANIFESTS, 'base'))
		.filter((file) => !/^(10-namespace|kustomization)\.yaml$/.test(file))
		.map((file) => `base/${file}`),
	'components/cert-manager/certificates.yaml',
	'components/high-availability/critical-pods.yaml',
	'components/monitoring/dashboard.json',
	'components/monitoring/rules.yaml',
	'components/monitoring/service-monitor.yaml',
	'components/namespace-opt-in/read-namespaces.yaml',
	'components/pod-mode/pods-webhook.yaml',
];

export const chartFiles = (): { file: string; text: string }[] =>
	COPIED.map((source) => ({
		file: `manifests/chart/files/${source.split('/').at(-1)}`,
		text: `${headOf(source)}${readFileSync(join(MANIFESTS, source), 'utf8')}`,
	}));

/** Returns the header, which is empty for JSON, because JSON has no comments. */
const headOf = (source: string): string =>
	source.endsWith('.json') ? '' : `# Copied from manifests/${source} by \`make manifests\`. Do not edit.\n`;
