/**
 * Adds a hint to the denial of a text with a variable that was not substituted: `${NAME}` (Flux, envsubst), `$NAME`,
 * `$(NAME)` (Kustomize), `{{ name }}` (Helm, Jinja).
 */
import { quote } from '../api/printable.ts';

const VARIABLE = /\$\{[^${}]*\}|\$\([^$()]*\)|\{\{[^{}]*\}\}|^\$\w+$/;

/**
 * Returns `message`, with the hint if `value` contains a variable. `shown` is the part of `value` that is not secret.
 */
export function withVariableHint(message: string, value: unknown, shown: unknown = value): string {
	const [variable] = (typeof value === 'string' && VARIABLE.exec(value)) || [];
	if (variable === undefined) return message;
	const isShown = typeof shown === 'string' && shown.includes(variable);
	const subject = isShown ? quote(variable) : 'a part of it';
	return `${message}, and ${subject} looks like an unsubstituted variable: review the rendered manifests`;
}
