/**
 * A variable that was not substituted before the manifest reached the API server.
 * Reads: a text that is denied for another reason.
 * Known: `${NAME}` (Flux, envsubst), `$NAME`, `$(NAME)` (Kustomize), `{{ name }}` (Helm, Jinja).
 */
import { quote } from '../api/printable.ts';

const VARIABLE = /\$\{[^${}]*\}|\$\([^$()]*\)|\{\{[^{}]*\}\}|^\$\w+$/;

/** `message`, and what to do if `value` contains a variable. `shown`: the part of `value` that is not secret. */
export function withVariableHint(message: string, value: unknown, shown: unknown = value): string {
	const [variable] = (typeof value === 'string' && VARIABLE.exec(value)) || [];
	if (variable === undefined) return message;
	const isShown = typeof shown === 'string' && shown.includes(variable);
	const subject = isShown ? `${quote(variable)} looks like` : 'a part of it looks like';
	return `${message}, and ${subject} an unsubstituted variable: review the rendered manifests`;
}
