/**
 * Finds proxy Deployments that get a preStop hook only when they are restarted. The product does not restart proxies.
 */
import { isTooOld, kubernetesVersionOf } from '../api/kubernetes.ts';
import type { Json, Server } from '../api/types.ts';
import { applyShutdown, shutdownOf } from '../objects/shutdown.ts';
import { isTooShort, shortestGracePeriod } from '../policy/pre-stop.ts';
import type { Settings } from '../policy/settings.ts';
import { type CheckResult, ok, warn } from './check-result.ts';
import { namespaceFlag, shellWord } from './commands.ts';
import type { DoctorCheck } from './context.ts';
import { deploymentOfServer, type ServerObject } from './owners.ts';

export interface ProxyObject extends ServerObject {
	/** Whether the webhook would add a preStop hook to the next pod template. */
	readonly lacksPreStop: boolean;
	/** The grace period, if it is too short for a preStop hook, so that the webhook adds none. */
	readonly shortGraceSeconds?: number;
}

export const checkPreStop: DoctorCheck = async ({
	webhooksByKind,
	webhooks,
	version,
	servers,
	proxies,
	preStopSeconds,
}) => {
	// Rejects if the webhook configurations cannot be read.
	await webhooksByKind();
	const kubernetes = kubernetesVersionOf(await version().catch(() => undefined));
	const isAdded = webhooks.length > 0 && (kubernetes === undefined || !isTooOld(kubernetes));
	return isAdded ? preStop(await servers(), await proxies(), preStopSeconds) : [];
};

export const proxyOf =
	(settings: Settings) =>
	(object: Json): ProxyObject | undefined => {
		const found = deploymentOfServer(object);
		if (found === undefined) return undefined;
		const { kind } = found.server;
		const { lifecycle, graceSeconds } = shutdownOf(applyShutdown(object, kind, settings), kind);
		const isShort =
			lifecycle == null && typeof graceSeconds === 'number' && isTooShort(graceSeconds, settings.preStopSeconds);
		return {
			...found,
			lacksPreStop: lifecycle !== shutdownOf(object, kind).lifecycle,
			...(isShort && { shortGraceSeconds: graceSeconds }),
		};
	};

export function preStop(
	servers: readonly Server[],
	proxies: readonly ProxyObject[],
	preStopSeconds: number,
): CheckResult[] {
	if (preStopSeconds === 0) return [ok('preStop', 'is not added to proxies: --pre-stop-seconds=0')];
	// The webhook changes only Deployments that a server owns.
	const uids = new Set<string | undefined>(servers.map(({ uid }) => uid));
	const owned = proxies.filter(({ owners }) => owners.some(({ uid }) => uids.has(uid)));
	const tooShort = owned.flatMap(({ server: { namespace }, name, shortGraceSeconds }) => {
		if (shortGraceSeconds === undefined) return [];
		const lack = `has no preStop: its grace period of ${shortGraceSeconds} s leaves no time for it`;
		const fix = `set its terminationGracePeriodSeconds to ${shortestGracePeriod(preStopSeconds)} or more`;
		return [warn(`Deployment ${namespace}/${name}`, lack, fix)];
	});
	const lacking = owned.filter(({ lacksPreStop }) => lacksPreStop);
	if (lacking.length + tooShort.length === 0)
		return [ok('no proxy Deployment', `lacks preStop (${proxies.length} checked)`)];
	const perNamespace = [...Map.groupBy(lacking, ({ server }) => server.namespace)].map(([namespace, found]) => {
		const names = found.map(({ name }) => shellWord(name)).join(' ');
		const [subject, lack] =
			found.length === 1 ? ['1 proxy Deployment', 'lacks'] : [`${found.length} proxy Deployments`, 'lack'];
		return warn(
			`${subject} in ${namespace}`,
			`${lack} preStop: connections fail while a Pod stops; a restart adds preStop`,
			`kubectl rollout restart deployment ${namespaceFlag(namespace)} ${names}`,
		);
	});
	return [...perNamespace, ...tooShort];
}
