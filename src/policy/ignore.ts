/**
 * The annotation `toolhive-scaling/ignore: id, id` on a server silences the warnings it names, never a denial.
 * Reads: the annotation.
 * Allows: ids of the list it is given; a name nobody knows is itself worth a warning.
 */
import { IGNORE_ANNOTATION } from '../toolhive/names.ts';
import type { Server } from '../toolhive/types.ts';
import type { Finding } from './finding.ts';

export const UNKNOWN_IGNORE_ID = 'ignore-unknown-id';

/** `findings` without the silenced ones, and a finding for the first name that silences nothing. */
export function withoutIgnored(findings: readonly Finding[], server: Server, knownIds: ReadonlySet<string>): Finding[] {
	const unknown = server.ignore.find((id) => !knownIds.has(id));
	return [
		...findings.filter((finding) => !server.ignore.includes(finding.id)),
		...(unknown === undefined ? [] : [unknownId(unknown)]),
	];
}

const unknownId = (id: string): Finding => ({
	id: UNKNOWN_IGNORE_ID,
	field: `metadata.annotations[${IGNORE_ANNOTATION}]`,
	message: `no warning is called "${id}"`,
});
