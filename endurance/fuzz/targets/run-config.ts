/** Edits `runconfig.json`: the product's keys are set or removed, and all other bytes stay the same. */
import { expect } from 'chai';
import { parseTree } from 'jsonc-parser';
import { isObject, type Json } from '../../../src/api/types.ts';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import type { RunConfigFields } from '../../../src/policy/run-config.ts';
import { configTexts } from '../seeds.ts';
import { jsonOf, type Target } from '../target.ts';

const WANTS: readonly RunConfigFields[] = [
	{},
	{ backendReplicas: 0 },
	{ backendReplicas: 2, redis: { address: 'r:1', db: 0, keyPrefix: '<a>:' } },
	{ redis: { address: '' } },
];
const PRODUCT_KEYS = ['backend_replicas', 'session_redis'];

export const runConfig: Target = {
	name: 'run-config',
	seeds: () => [
		...configTexts('runconfig.json'),
		'{}',
		'[]',
		'{"scaling_config":null}',
		'{"session_redis":{"tls":{}}}',
		'\n {"a": 1, "backend_replicas": 3}\r\n',
	],
	words: ['"scaling_config":{}', '"session_redis":{"address":"r:1"}', '"backend_replicas":2,', '\\u003c'],
	check: (text) => {
		runConfigHasTls(text);
		for (const wanted of WANTS) {
			for (const layout of ['both', 'top-level'] as const) {
				const edited = editRunConfig(text, wanted, layout);
				if (edited === undefined || edited === text) continue;
				const before = jsonOf(text);
				const after = jsonOf(edited);
				expect(isObject(before) && isObject(after), 'a JSON object before and after').to.equal(true);
				expect(editRunConfig(edited, wanted, layout), 'a second pass').to.equal(edited);
				expect(around(edited), 'the blanks around it').to.deep.equal(around(text));
				expect(foreignTexts(edited)).to.deep.equal(foreignTexts(text));
				if (wanted.backendReplicas === undefined) expect(after).to.not.have.own.property('backend_replicas');
				else expect(fieldsIn(after as Json, layout)['backend_replicas']).to.equal(wanted.backendReplicas);
			}
		}
	},
};

const around = (text: string): string[] => [
	text.slice(0, text.length - text.trimStart().length),
	text.slice(text.trimEnd().length),
];

const fieldsIn = (config: Json, layout: string): Json =>
	layout === 'both' ? (config['scaling_config'] as Json) : config;

/** Returns the text of all other keys in their original order. */
function foreignTexts(text: string): string[] {
	const textsIn = (node: ReturnType<typeof parseTree>): string[] =>
		(node?.children ?? []).flatMap((property) => {
			const [key, value] = property.children ?? [];
			if (key === undefined || value === undefined || PRODUCT_KEYS.includes(key.value)) return [];
			if (key.value === 'scaling_config' && value.type === 'object') return textsIn(value);
			// The section is created if it is missing, and removed when it is empty.
			return key.value === 'scaling_config' ? [] : [text.slice(property.offset, property.offset + property.length)];
		});
	return textsIn(parseTree(text));
}
