/**
 * A variable that was not substituted before the manifest reached the API server.
 * Reads: a text that is denied for another reason.
 * Known: `${NAME}` (Flux, envsubst), `$NAME`, `$(NAME)` (Kustomize), `{{ name }}` (Helm, Jinja).
 */
import { quote } from '../toolhive/printable.ts';

const VARIABLE = /\$\{[^${}]*\}|\$\([^$()]*\)|\{\{[^{}]*\}\}|^\$\w+$/;

/** `message`, and what to do where `value` looks like a variable. */
export function withVariableHint(message: string, value: unknown): string {
	const [variable] = (typeof value === 'string' && VARIABLE.exec(value)) || [];
	return variable === undefined
		? message
		: `${message}, and ${quote(variable)} looks like an unsubstituted variable: review the rendered manifests`;
}
