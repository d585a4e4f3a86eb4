/** The flags of `thv-scaling doctor`. */
import { oneOf, text } from './options.ts';

export const DOCTOR_OPTIONS = {
	kubeconfig: {
		...text('a file'),
		help: 'Cluster to look at. Without it: the one kubectl would take, in a pod the one it runs in.',
		fallback: undefined,
	},
	context: { ...text('a name'), help: 'Context of the kubeconfig, instead of its current one.', fallback: undefined },
	namespace: {
		...text('a name'),
		help: 'Where toolhive-scaling is installed. Without it: where its registrations lead to, else toolhive-scaling.',
		short: 'n',
		fallback: undefined,
	},
	output: { ...oneOf('text', 'json'), help: 'How to print the report.', short: 'o', fallback: 'text' },
} as const;
