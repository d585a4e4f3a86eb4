/**
 * Renders the report as SARIF 2.1.0 for code scanning: one result per denial and per warning, at its line.
 * Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/. GitHub requires URIs relative to the repository's root.
 */
import type { Log, PhysicalLocation, Result } from 'sarif';
import type { Problem } from '../manifests/problem.ts';
import { RULES } from '../policy/rules.ts';
import type { Located, Reviewed } from './review.ts';

const INFORMATION = 'https://github.com/toolhive-scaling/toolhive-scaling';

/** Returns the log of one review, from the `resultsOf` each object. */
export function sarifOf(results: Result[], problems: readonly Problem[], version: string, folder: string): Log {
	return {
		$schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
		version: '2.1.0',
		runs: [
			{
				tool: {
					driver: {
						name: 'thv-scaling',
						semanticVersion: version,
						informationUri: INFORMATION,
						rules: RULES.map(({ id, when, why, fix, severity }) => ({
							id,
							shortDescription: { text: plain(when) },
							fullDescription: { text: why },
							help: { text: `${why} What to do: ${plain(fix)}.`, markdown: `${why}\n\nWhat to do: ${fix}.` },
							helpUri: `${INFORMATION}/blob/main/docs/rules.md#${id}`,
							defaultConfiguration: { level: severity === 'deny' ? 'error' : 'warning' },
						})),
					},
				},
				invocations: [
					{
						executionSuccessful: problems.length === 0,
						toolExecutionNotifications: problems.map((problem) => ({
							level: 'error',
							message: { text: problem.problem },
							locations: [
								{ physicalLocation: physicalOf(relativeTo(folder, problem.file), problem.line ?? 1, problem.column) },
							],
						})),
					},
				],
				columnKind: 'utf16CodeUnits',
				results,
			},
		],
	};
}

/** Removes Markdown, for fields that are shown as plain text. */
const plain = (text: string): string => text.replaceAll('`', '');

/**
 * Returns one result per denial and warning; with `isStrict` warnings are errors. Files below the working directory
 * `folder` are named relative to it, because code scanning accepts no other names.
 */
export function resultsOf(given: Reviewed, isStrict: boolean, folder: string): Result[] {
	const reviewed = { ...given, file: relativeTo(folder, given.file) };
	return [
		...reviewed.denials.map((one) => resultOf(reviewed, one, 'error')),
		...reviewed.warnings.map((one) => resultOf(reviewed, one, isStrict ? 'error' : 'warning')),
	];
}

const resultOf = (
	{ file, kind, namespace, name }: Reviewed,
	{ id, field, message, line }: Located,
	level: Result.level,
): Result => ({
	ruleId: id,
	ruleIndex: RULES.findIndex((rule) => rule.id === id),
	level,
	message: { text: `${kind} ${namespace}/${name}: ${field}: ${message}` },
	locations: [
		{
			physicalLocation: physicalOf(file, line),
			logicalLocations: [{ fullyQualifiedName: `${kind}/${namespace}/${name}#${field}`, kind: 'object' }],
		},
	],
});

const physicalOf = (file: string, startLine: number, startColumn?: number): PhysicalLocation => ({
	artifactLocation: { uri: uriOf(file) },
	region: { startLine, ...(startColumn !== undefined && { startColumn }) },
});

const relativeTo = (folder: string, file: string): string =>
	file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;

/** Returns a relative reference. An absolute path needs a scheme. */
const uriOf = (file: string): string => {
	const path = file.split('/').map(encodeURIComponent).join('/');
	return path.startsWith('/') ? `file://${path}` : path.replace(/^(\.\/)+/, '');
};
