/** Whether a text can be about ToolHive's servers at all: each of them, and all that belongs to one, names the API group. */
import { GROUP } from '../toolhive/names.ts';

export const mentionsToolhive = (text: string): boolean => text.includes(GROUP);

/** The same of a text in pieces that are not kept: whether the pieces so far mention it. */
export function createMention(): (piece: string) => boolean {
	let isFound = false;
	let last = '';
	return (piece) => {
		isFound ||= mentionsToolhive(last + piece);
		last = (last + piece).slice(1 - GROUP.length);
		return isFound;
	};
}
