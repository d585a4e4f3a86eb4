/** Checks that the proxy images of an operator are new enough for the servers. */
import { SINCE, TESTED_RUNNER, tagOf, versionOf, withVersion } from '../api/images.ts';
import type { Kind } from '../api/names.ts';
import { RUNNER_IMAGE_VARIABLE, VMCP_IMAGE_VARIABLE } from '../api/operators.ts';
import type { Server } from '../api/types.ts';
import { imageReport } from '../policy/rules.ts';
import { type CheckResult, fail, ok, someOf, warn } from './check-result.ts';
import { deploymentArgs, shellWord } from './commands.ts';
import type { Operator } from './operator.ts';

/** The default image of the variable, without its tag. */
const RUNNER_REPOSITORY = 'ghcr.io/stacklok/toolhive/proxyrunner';

const KINDS_BY_VARIABLE: Readonly<Record<string, readonly Kind[]>> = {
	[RUNNER_IMAGE_VARIABLE]: ['MCPServer', 'MCPRemoteProxy'],
	[VMCP_IMAGE_VARIABLE]: ['VirtualMCPServer'],
};

/** Checks each image that some server uses. A server may name its own image in `podTemplateSpec`. */
export const images = (operators: readonly Operator[], servers: readonly Server[]): CheckResult[] =>
	operators.flatMap((operator) =>
		Object.entries(KINDS_BY_VARIABLE).flatMap(([variable, kinds]) => {
			const using = servers.filter(({ kind, spec }) => kinds.includes(kind) && spec.image === undefined);
			return using.length === 0 ? [] : checkImage(operator, variable, using);
		}),
	);

function checkImage(operator: Operator, variable: string, servers: readonly Server[]): CheckResult[] {
	const subject = `${operator.namespace}/${operator.name}`;
	// The operator treats an empty variable as unset.
	const image = operator.env[variable] || undefined;
	const fix = fixFor(operator, variable, image);
	if (image === undefined) {
		const message = operator.hasHiddenEnv
			? `may read ${variable} from a ConfigMap or a Secret, so the image was not checked`
			: `has no ${variable}, so it uses the tag latest, which was not checked`;
		return [warn(subject, message, fix)];
	}
	if (versionOf(image) === undefined) {
		return [warn(subject, `has ${variable} ${image}, which was not checked: it has no version`, fix)];
	}
	const has = `has ${variable} ${tagOf(image)}:`;
	const reports = servers.map((server) => ({
		name: `${server.kind} ${server.namespace}/${server.name}`,
		...imageReport({ server, clusterContext: { deployment: { image } } }),
	}));
	const lacking = Map.groupBy(
		reports.flatMap(({ name, tooOld }) => (tooOld === undefined ? [] : [{ name, ...tooOld }])),
		({ field, message }) => `${field} ${message}`,
	);
	const results = [...lacking.values()].map((group) => {
		const [{ field, message } = { field: '', message: '' }] = group;
		return fail(subject, `${has} ${field} of ${someOf(group.map(({ name }) => name))} ${message}`, fix);
	});
	const mayRoll = reports.find(({ mayRoll }) => mayRoll !== undefined)?.mayRoll;
	if (mayRoll !== undefined) results.push(warn(subject, `${has} ${mayRoll}`, fix));
	return results.length > 0
		? results
		: [ok(subject, `has ${variable} ${tagOf(image)}, which is new enough for each server`)];
}

/**
 * Returns the fix. The operator writes the configuration of a vMCP, so its image is upgraded only together with the
 * operator.
 */
function fixFor(operator: Operator, variable: string, image: string | undefined): string {
	if (variable === VMCP_IMAGE_VARIABLE) {
		return versionOf(image) === undefined
			? `set ${variable} to an image with a version in its tag`
			: `upgrade ToolHive to ${SINCE.vmcpUsesSessionStorage} or later`;
	}
	const wanted = `${variable}=${withVersion(image ?? RUNNER_REPOSITORY, TESTED_RUNNER)}`;
	return `kubectl set env ${deploymentArgs(operator)} ${shellWord(wanted)}`;
}
