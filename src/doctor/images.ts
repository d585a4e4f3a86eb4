/** The proxy images that an operator starts, against what servers ask of them. */
import { imageReport } from '../policy/image-age.ts';
import { SINCE, TESTED_RUNNER, tagOf, versionOf, versionText, withVersion } from '../toolhive/images.ts';
import type { Kind } from '../toolhive/names.ts';
import { RUNNER_IMAGE_VARIABLE, VMCP_IMAGE_VARIABLE } from '../toolhive/operators.ts';
import type { Server } from '../toolhive/types.ts';
import type { Operator } from './operator.ts';
import { fail, ok, type Saying, shellWord, someOf, warn } from './saying.ts';

interface Variable {
	readonly name: string;
	readonly kinds: readonly Kind[];
	/** The image of the operator's own default, without its tag. */
	readonly repository: string;
}

const VARIABLES: readonly Variable[] = [
	{
		name: RUNNER_IMAGE_VARIABLE,
		kinds: ['MCPServer', 'MCPRemoteProxy'],
		repository: 'ghcr.io/stacklok/toolhive/proxyrunner',
	},
	{ name: VMCP_IMAGE_VARIABLE, kinds: ['VirtualMCPServer'], repository: 'ghcr.io/stacklok/toolhive/vmcp' },
];

/** Only the images of kinds that `servers` are of: an image that no server uses is not wrong. */
export const images = (operators: readonly Operator[], servers: readonly Server[]): Saying[] =>
	operators.flatMap((operator) =>
		VARIABLES.flatMap((variable) => {
			const using = servers.filter(({ kind }) => variable.kinds.includes(kind));
			return using.length === 0 ? [] : judge(operator, variable, using);
		}),
	);

function judge(operator: Operator, variable: Variable, servers: readonly Server[]): Saying[] {
	const subject = `${operator.namespace}/${operator.name}`;
	const image = operator.env[variable.name];
	const remedy = remedyFor(operator, variable, image ?? variable.repository);
	if (image === undefined) {
		const message = operator.hasHiddenEnv
			? `may have a ${variable.name} from a ConfigMap or a Secret: not judged`
			: `has no ${variable.name}, so it uses the tag latest: not judged`;
		return [warn(subject, message, remedy)];
	}
	if (versionOf(image) === undefined) {
		return [warn(subject, `has ${variable.name} ${image}, which has no version in its tag: not judged`, remedy)];
	}
	const has = `has ${variable.name} ${tagOf(image)}:`;
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
		return fail(subject, `${has} ${field} of ${someOf(group.map(({ name }) => name))} ${message}`, remedy);
	});
	const mayRoll = reports.find(({ backendMayRoll }) => backendMayRoll !== undefined)?.backendMayRoll;
	if (mayRoll !== undefined) sayings.push(warn(subject, `${has} ${mayRoll}`, remedy));
	return sayings.length > 0 ? sayings : [ok(subject, `${has} new enough for each server`)];
}

/** The configuration of a vMCP is the operator's, so that only both together can be newer. */
function remedyFor({ namespace, name }: Operator, variable: Variable, image: string): string {
	if (variable.name === VMCP_IMAGE_VARIABLE) {
		return `upgrade ToolHive to ${versionText(SINCE.vmcpUsesSessionStorage)} or later`;
	}
	const wanted = `${variable.name}=${withVersion(image, TESTED_RUNNER)}`;
	return `kubectl set env -n ${shellWord(namespace)} deployment/${shellWord(name)} ${shellWord(wanted)}`;
}
