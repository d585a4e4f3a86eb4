/** Why the API server could not call a webhook, in its own words, and what to do about it. */
import { WEBHOOK_SUFFIX } from '../api/webhook-configurations.ts';
import { shellWord } from './check-result.ts';

/** Where the product is that the registrations lead to, and what installs it. */
export interface Place {
	readonly namespace: string;
	readonly name: string;
	readonly install: string;
}

const CALL_FAILED = /failed calling webhook "([^"]+)":\s*([\s\S]*)/;

const CAUSES: readonly { readonly sign: RegExp; readonly fix: (place: Place) => string }[] = [
	{
		sign: /x509|tls:|certificate/,
		fix: () => 'bring certificate and caBundle together: see Certificate above',
	},
	{ sign: /service "[^"]*" not found/, fix: ({ install }) => install },
	{
		sign: /connection refused|no endpoints available|connection reset|EOF/,
		fix: ({ namespace }) => `look why no pod serves: kubectl get pods,endpointslices -n ${shellWord(namespace)}`,
	},
	{
		sign: /deadline exceeded|timeout|no route to host|no such host/i,
		fix: () => 'let the API server reach port 8443 of the pods: firewall, NetworkPolicy, name resolution',
	},
];

/** Undefined where `message` tells of something else. */
export function causeOf(message: string, place: Place): { readonly message: string; readonly fix: string } | undefined {
	const [, webhook = '', cause = ''] = CALL_FAILED.exec(message) ?? [];
	if (webhook === '') return undefined;
	if (!webhook.endsWith(WEBHOOK_SUFFIX)) return undefined;
	// `Post "https://…?timeout=5s": ` stands in front of what happened, and Go's guesses behind it.
	const what = cause
		.replace(/^failed to call webhook:\s*/, '')
		.replace(/^Post "[^"]*":\s*/, '')
		.replace(/ \(possibly because of [\s\S]*$/, '');
	const known = CAUSES.find(({ sign }) => sign.test(what));
	const logs = `kubectl logs -n ${shellWord(place.namespace)} deployment/${shellWord(place.name)}`;
	return { message: `cannot be called by the API server: ${what}`, fix: known?.fix(place) ?? logs };
}
