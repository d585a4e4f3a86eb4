/** What became of a write, as far as its answer tells. */
import type { ApiAnswer } from '../../test/harness/api.ts';

/** Undefined where it was done, or said what is. */
export function failureOf(answer: ApiAnswer | Error): string | undefined {
	if (answer instanceof Error) return `no answer: ${(answer as NodeJS.ErrnoException).code ?? answer.name}`;
	if (answer.status < 300 || answer.status === 404) return undefined;
	const message = String(answer.body['message']);
	const webhook = /failed calling webhook.*: (.*)$/s.exec(message)?.[1];
	if (webhook !== undefined) return `${answer.status}, webhook: ${webhook.replace(/.*: /s, '').slice(0, 60)}`;
	return `${answer.status} ${String(answer.body['reason'] ?? message.slice(0, 40))}`;
}

/** An error of the API server's own may come after it stored something; a webhook's comes before. */
export const isUnsure = ({ status, body }: ApiAnswer): boolean =>
	status >= 500 && !String(body['message']).includes('failed calling webhook');

/** A webhook looked at it and said no, which is another thing than to give no answer. */
export const isDenied = (answer: ApiAnswer | Error): answer is ApiAnswer =>
	!(answer instanceof Error) && /^admission webhook .* denied the request/s.test(String(answer.body['message']));
