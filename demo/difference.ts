/** What is stored beyond what was sent, as short coloured lines. */
import { parse as parseYaml } from 'yaml';

export type Paint = (colour: 'red' | 'green' | 'yellow' | 'bold' | 'dim', text: string) => string;

const CODES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

/** Colours for a terminal, none for a pipe or where `NO_COLOR` is set. */
export const paintFor = (isTerminal: boolean, noColor: string | undefined): Paint =>
	isTerminal && !noColor ? (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m` : (_colour, text) => text;

/** What the API server fills in by itself is no news; these paths are where scaling is. */
const OURS =
	/(^spec\.(replicas|backendReplicas|sessionStorage)|terminationGracePeriodSeconds|\.env\[|annotations|^data\.|autoscaling)/;
const NOISE = /^(metadata\.(uid|resourceVersion|generation|creationTimestamp|managedFields|selfLink)|status)/;

/** One line per value that differs: `- path: was` and `+ path: is`. */
export function differenceOf(sent: unknown, stored: unknown, paint: Paint): string[] {
	const before = flatten(readable(sent));
	const after = flatten(readable(stored));
	const lines: string[] = [];
	for (const path of new Set([...before.keys(), ...after.keys()])) {
		if (NOISE.test(path)) continue;
		const [was, is] = [before.get(path), after.get(path)];
		if (was === is || (was === undefined && !OURS.test(path)) || is === undefined) continue;
		if (was !== undefined) lines.push(paint('red', `    - ${path}: ${was}`));
		lines.push(paint('green', `    + ${path}: ${is}`));
	}
	return lines;
}

/** Texts of a ConfigMap read as the documents they are, environment variables by their name. */
function readable(value: unknown, key = ''): unknown {
	if (typeof value === 'string' && /\.(json|yaml)$/.test(key)) return parseYaml(value);
	if (Array.isArray(value)) {
		const named = value.every((item) => typeof item?.name === 'string');
		return named && value.length > 0
			? Object.fromEntries(value.map((item) => [`[${item.name}]`, readable({ ...item, name: undefined })]))
			: value.map((item) => readable(item));
	}
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readable(item, name)]));
}

function flatten(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
	if (typeof value === 'object' && value !== null) {
		for (const [key, item] of Object.entries(value)) {
			flatten(item, key.startsWith('[') ? path + key : path === '' ? key : `${path}.${key}`, found);
		}
	} else if (value !== undefined) found.set(path, JSON.stringify(value));
	return found;
}
