/** The proxy images that an operator starts, against what servers ask of them. */

import { SINCE, TESTED_RUNNER, tagOf, versionOf, withVersion } from '../api/images.ts';
import type { Kind } from '../api/names.ts';
import { RUNNER_IMAGE_VARIABLE, VMCP_IMAGE_VARIABLE } from '../api/operators.ts';
import type { Server } from '../api/types.ts';
import { imageReport } from '../policy/rules.ts';
import { type CheckResult, fail, ok, shellWord, someOf, warn } from './check-result.ts';
import type { Operator } from './operator.ts';

/** What the operator uses without the variable, but for its tag. */
const RUNNER_REPOSITORY = 'ghcr.io/stacklok/toolhive/proxyrunner';

const KINDS_BY_VARIABLE: Readonly<Record<string, readonly Kind[]>> = {
	[RUNNER_IMAGE_VARIABLE]: ['MCPServer', 'MCPRemoteProxy'],
	[VMCP_IMAGE_VARIABLE]: ['VirtualMCPServer'],
};

/** An image that no server uses is not judged: none of its kinds, or each with an image of its own in `podTemplateSpec`. */
export const images = (operators: readonly Operator[], servers: readonly Server[]): CheckResult[] =>
	operators.flatMap((operator) =>
		Object.entries(KINDS_BY_VARIABLE).flatMap(([variable, kinds]) => {
			const using = servers.filter(({ kind, spec }) => kinds.includes(kind) && spec.image === undefined);
			return using.length === 0 ? [] : judge(operator, variable, using);
		}),
	);

function judge(operator: Operator, variable: string, servers: readonly Server[]): CheckResult[] {
	const subject = `${operator.namespace}/${operator.name}`;
	// The operator reads an empty one as none.
	const image = operator.env[variable] || undefined;
	const fix = fixFor(operator, variable, image);
	if (image === undefined) {
		const message = operator.hasHiddenEnv
			? `may have a ${variable} from a ConfigMap or a Secret: not judged`
			: `has no ${variable}, so it uses the tag latest: not judged`;
		return [warn(subject, message, fix)];
	}
	if (versionOf(image) === undefined) {
		return [warn(subject, `has ${variable} ${image}, which has no version in its tag: not judged`, fix)];
	}
	const has = `has ${variable} ${tagOf(image)}:`;
	const reports = servers.map((server) => ({
		name: `${server.kind} ${server.namespace}/${server.name}`,
		...imageReport({ server, surroundings: { deployment: { image } } }),
	}));
	const lacking = Map.groupBy(
		reports.flatMap(({ name, tooOld }) => (tooOld === undefined ? [] : [{ name, ...tooOld }])),
		({ field, message }) => `${field} ${message}`,
	);
	const sayings = [...lacking.values()].map((group) => {
		const [{ field, message } = { field: '', message: '' }] = group;
		return fail(subject, `${has} ${field} of ${someOf(group.map(({ name }) => name))} ${message}`, fix);
	});
	const mayRoll = reports.find(({ mayRoll }) => mayRoll !== undefined)?.mayRoll;
	if (mayRoll !== undefined) sayings.push(warn(subject, `${has} ${mayRoll}`, fix));
	return sayings.length > 0 ? sayings : [ok(subject, `${has} new enough for each server`)];
}

/** The configuration of a vMCP is the operator's, so that only both together can be newer. */
function fixFor({ namespace, name }: Operator, variable: string, image: string | undefined): string {
	if (variable === VMCP_IMAGE_VARIABLE) {
		return versionOf(image) === undefined
			? `set ${variable} to an image with a version in its tag`
			: `upgrade ToolHive to ${SINCE.vmcpUsesSessionStorage} or later`;
	}
	const wanted = `${variable}=${withVersion(image ?? RUNNER_REPOSITORY, TESTED_RUNNER)}`;
	return `kubectl set env -n ${shellWord(namespace)} deployment/${shellWord(name)} ${shellWord(wanted)}`;
}
