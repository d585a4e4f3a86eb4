/**
 * `make release-check`: fails if the version in a file differs from package.json, or if the tag must not be released.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const IMAGE = 'ghcr.io/toolhive-scaling/toolhive-scaling';

/** The files that contain the version, each with the name of the field in messages. */
const PLACES: readonly (readonly [file: string, field: string, versionOf: (text: string) => unknown])[] = [
	['package-lock.json', 'version', (text) => JSON.parse(text).version],
	['package-lock.json', 'packages[""].version', (text) => JSON.parse(text).packages[''].version],
	[
		'manifests/base/50-deployment.yaml',
		'the image tag',
		(text) => new RegExp(`image: ${IMAGE}:(\\S+)$`, 'm').exec(text)?.[1],
	],
	['manifests/chart/Chart.yaml', 'version', (text) => parse(text).version],
	['manifests/chart/Chart.yaml', 'appVersion', (text) => parse(text).appVersion],
];

/** Returns one message for each file whose version differs from that in package.json. */
export function disagreements(read: (file: string) => string | undefined): string[] {
	const { version } = JSON.parse(read('package.json') ?? '{}');
	return PLACES.flatMap(([file, field, versionOf]) => {
		const text = read(file);
		if (text === undefined) return [`${file} does not exist`];
		const found = versionOf(text);
		return found === version
			? []
			: [`${file}: ${field} is ${found ?? 'missing'}; set it to ${version}, as in package.json`];
	});
}

/** Returns one message for each reason why the checkout must not be released as `tag`. */
export function reasonsAgainst(tag: string, read: (file: string) => string | undefined): string[] {
	const { version } = JSON.parse(read('package.json') ?? '{}');
	const [, title = ''] =
		new RegExp(`^## (${version.replaceAll('.', '\\.')}(?![\\w.-]).*)$`, 'm').exec(read('CHANGELOG.md') ?? '') ?? [];
	return [
		...(tag === `v${version}`
			? []
			: [`the tag is ${tag}, but package.json has version ${version}; use the tag v${version}`]),
		...(/^\d+\.\d+\.\d+$/.test(version)
			? []
			: [`version ${version} does not have the form 1.2.3; users would get a pre-release as the latest version`]),
		...(title === '' ? [`CHANGELOG.md has no section "## ${version}"`] : []),
		...(title.includes('not released')
			? [`CHANGELOG.md has the section "${title}"; replace "not released" with the date`]
			: []),
	];
}

if (import.meta.main) {
	const at = (file: string): string => join(import.meta.dirname, '..', file);
	const read = (file: string) => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : undefined);
	const tag = process.argv[2];
	const problems = [...disagreements(read), ...(tag === undefined ? [] : reasonsAgainst(tag, read))];
	for (const problem of problems) process.stderr.write(`release-check: ${problem}\n`);
	if (problems.length > 0) process.exitCode = 1;
}
