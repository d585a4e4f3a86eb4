/**
 * Edits vMCP's `config.yaml`: the section has the desired values, and the remaining text and its comments stay the
 * same.
 */
import { expect } from 'chai';
import { type Document, isAlias, isMap, isSeq, parseDocument, visit } from 'yaml';
import { isObject, type Json } from '../../../src/api/types.ts';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';
import { configTexts } from '../seeds.ts';
import type { Target } from '../target.ts';

const WANTS = [
	{ address: 'redis.db.svc:6379', db: 2, keyPrefix: 'thv:' },
	{ address: 'yes' },
	{ address: '', db: 0, keyPrefix: '#: "' },
];

export const vmcpConfig: Target = {
	name: 'vmcp-config',
	seeds: () => [
		...configTexts('config.yaml'),
		'# top\nname: hub # behind\n\n# above\ngroup: a\nsessionStorage:\n  # inside\n  provider: memory\n# end\n',
		'{name: hub, sessionStorage: {provider: memory, tls: {}}}\n',
		'a: &x {b: 1}\nc: *x\nsessionStorage: *x\n',
	],
	words: ['sessionStorage:', 'provider: redis\n', 'address: ', 'keyPrefix: ', '  tls: {}\n', '# c\n'],
	check: (text) => {
		// YAML parsers reject such a text, so the result of an edit does not matter.
		if (text.includes('\0')) return;
		// The printer starts a new comment line at these two characters, which are not line breaks in YAML 1.2.
		if (/[\u2028\u2029]/.test(text)) return;
		vmcpConfigHasTls(text);
		for (const wanted of WANTS) {
			const edited = editVmcpConfig(text, wanted);
			if (edited === undefined || edited === text) continue;
			const before = parseDocument(text, { logLevel: 'error' });
			const after = parseDocument(edited, { logLevel: 'error' });
			expect(after.errors.map(({ message }) => message)).to.deep.equal([]);
			expect(editVmcpConfig(edited, wanted), 'a second pass').to.equal(edited);
			const [was, is] = [contentOf(before), contentOf(after)];
			if (was === undefined || is === undefined) continue;
			expect(is).to.deep.equal({
				...was,
				sessionStorage: sectionOf(was, isAlias(before.get('sessionStorage', true)), wanted),
			});
			// A list in place of the section is removed with its comments.
			const section = before.get('sessionStorage');
			if (isSeq(section)) continue;
			for (const name of ['db', 'keyPrefix'] as const) {
				// The comments of a removed entry are removed with it.
				if (wanted[name] === undefined && isMap(section)) section.delete(name);
			}
			const kept = new Set(commentsOf(after));
			expect(commentsOf(before).filter((comment) => !kept.has(comment))).to.deep.equal([]);
		}
	},
};

/** Returns undefined if aliases cannot be followed. */
function contentOf(document: Document): Json | undefined {
	try {
		const value: unknown = document.toJS();
		return isObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** A section that is an alias is replaced, because its content belongs to another key. */
function sectionOf(was: Json, isSharing: boolean, { address, db, keyPrefix }: (typeof WANTS)[number]): Json {
	const section = isSharing || !isObject(was['sessionStorage']) ? {} : was['sessionStorage'];
	const { db: _db, keyPrefix: _prefix, ...others } = section;
	const written = { provider: 'redis', address, ...(db !== undefined && { db }) };
	return { ...others, ...written, ...(keyPrefix !== undefined && { keyPrefix }) };
}

/** Compares line by line, because the printer joins and splits comments. */
function commentsOf(document: Document): string[] {
	const found: (string | null | undefined)[] = [document.commentBefore, document.comment];
	visit(document, {
		Node: (_key, node) => {
			found.push(node.commentBefore, node.comment);
		},
	});
	return found.flatMap((one) => (one ?? '').split('\n').map((line) => line.trim()));
}
