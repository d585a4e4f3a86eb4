/** Where the version of a release stands besides package.json, and what disagrees. */
import { parse } from 'yaml';

const IMAGE = 'ghcr.io/toolhive-scaling/toolhive-scaling';

interface Place {
	readonly file: string;
	/** What of the file it is, for the message. */
	readonly what: string;
	readonly versionOf: (text: string) => unknown;
}

const PLACES: readonly Place[] = [
	{ file: 'package-lock.json', what: 'version', versionOf: (text) => JSON.parse(text).version },
	{
		file: 'package-lock.json',
		what: 'packages[""].version',
		versionOf: (text) => JSON.parse(text).packages[''].version,
	},
	{
		file: 'manifests/base/50-deployment.yaml',
		what: 'the tag of the image',
		versionOf: (text) => new RegExp(`image: ${IMAGE}:(\\S+)$`, 'm').exec(text)?.[1],
	},
	{ file: 'manifests/chart/Chart.yaml', what: 'version', versionOf: (text) => parse(text).version },
	{ file: 'manifests/chart/Chart.yaml', what: 'appVersion', versionOf: (text) => parse(text).appVersion },
];

/** One line for each file that names another version than package.json does, with what to write there. */
export function disagreements(read: (file: string) => string | undefined): string[] {
	const { version } = JSON.parse(read('package.json') ?? '{}');
	return PLACES.flatMap(({ file, what, versionOf }) => {
		const text = read(file);
		if (text === undefined) return [`${file} is not there`];
		const found = versionOf(text);
		return found === version ? [] : [`${file}: ${what} is ${found ?? 'not there'}; package.json says ${version}`];
	});
}

/** One line for each reason why what is there may not be released as `tag`. */
export function reasonsAgainst(tag: string, read: (file: string) => string | undefined): string[] {
	const { version } = JSON.parse(read('package.json') ?? '{}');
	const [, title = ''] =
		new RegExp(`^## (${version.replaceAll('.', '\\.')}(?![\\w.-]).*)$`, 'm').exec(read('CHANGELOG.md') ?? '') ?? [];
	return [
		...(tag === `v${version}`
			? []
			: [`the tag is ${tag}, and package.json says ${version}: the tag must be v${version}`]),
		...(/^\d+\.\d+\.\d+$/.test(version)
			? []
			: [`${version} is not of the form 1.2.3: everybody would get it as the newest`]),
		...(title === '' ? [`CHANGELOG.md has no section "## ${version}"`] : []),
		...(title.includes('not released') ? [`CHANGELOG.md says "${title}": write the date instead`] : []),
	];
}
