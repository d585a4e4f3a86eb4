/** Compares the files that contain the release version with package.json. */
import { parse } from 'yaml';

const IMAGE = 'ghcr.io/toolhive-scaling/toolhive-scaling';

interface Place {
	readonly file: string;
	/** The name of the field in the message. */
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
		what: 'the image tag',
		versionOf: (text) => new RegExp(`image: ${IMAGE}:(\\S+)$`, 'm').exec(text)?.[1],
	},
	{ file: 'manifests/chart/Chart.yaml', what: 'version', versionOf: (text) => parse(text).version },
	{ file: 'manifests/chart/Chart.yaml', what: 'appVersion', versionOf: (text) => parse(text).appVersion },
];

/** Returns one message for each file whose version differs from that in package.json. */
export function disagreements(read: (file: string) => string | undefined): string[] {
	const { version } = JSON.parse(read('package.json') ?? '{}');
	return PLACES.flatMap(({ file, what, versionOf }) => {
		const text = read(file);
		if (text === undefined) return [`${file} does not exist`];
		const found = versionOf(text);
		return found === version
			? []
			: [`${file}: ${what} is ${found ?? 'missing'}; set it to ${version}, as in package.json`];
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
