/** The flags of `thv-scaling review`. */
import { oneOf, text, toggle } from './options.ts';
import { SETTINGS_OPTIONS } from './settings-options.ts';

export const REVIEW_OPTIONS = {
	output: {
		...oneOf('text', 'json', 'yaml', 'sarif'),
		help: 'text for people; json for programs; yaml the objects after admission, for kubectl apply -f -; sarif for code scanning.',
		fallback: 'text',
		short: 'o',
	},
	quiet: { ...toggle, help: 'Text tells only what is denied or warned of, and the count.', short: 'q' },
	verbose: { ...toggle, help: 'Names on stderr what is skipped because it is not a manifest, and why.' },
	strict: { ...toggle, help: 'Warnings count as denials: exit code 1.' },
	namespace: {
		...text('a namespace'),
		help: 'Namespace of manifests that name none.',
		fallback: 'default',
		short: 'n',
	},
	'server-version': {
		allowed: 'a version of ToolHive such as v0.12.5',
		parse: (value: string) => (/^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(value) ? value : undefined),
		help: 'ToolHive the cluster runs, so that review knows the proxy image of servers whose Deployment is not in the input.',
		fallback: undefined,
	},
	...SETTINGS_OPTIONS,
} as const;
