/** The flags of `thv-scaling doctor`. */
import { INSTALLED_AS } from '../toolhive/names.ts';
import { oneOf, text } from './options.ts';

export const DOCTOR_OPTIONS = {
	kubeconfig: {
		...text('a file'),
		help: 'Cluster to look at. Without it: the one kubectl would take, in a pod the one it runs in.',
		fallback: undefined,
	},
	context: { ...text('a name'), help: 'Context of the kubeconfig, instead of its current one.', fallback: undefined },
	namespace: { ...text('a name'), help: 'Where toolhive-scaling is installed.', short: 'n', fallback: INSTALLED_AS },
	output: { ...oneOf('text', 'json'), help: 'How to print the report.', short: 'o', fallback: 'text' },
} as const;
