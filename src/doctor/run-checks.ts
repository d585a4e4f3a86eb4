/** All checks, each by itself: one that fails is one line, and stops no other. */

import { isTooOld, kubernetesVersionOf } from '../api/kubernetes.ts';
import {
	CERTIFICATE_SECRET,
	INSTALLED_AS,
	KIND_LIST,
	LABEL_MANAGED_BY,
	LABEL_TOOLHIVE,
	MANAGED_BY_OPERATOR,
} from '../api/names.ts';
import { printable } from '../api/printable.ts';
import type { Json } from '../api/types.ts';
import { autoscalerOf } from '../objects/autoscaler.ts';
import { serverOf } from '../objects/server.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import { apiServer, knowsDryRun } from './api-server.ts';
import { autoscalers } from './autoscalers.ts';
import { caBundle } from './ca-bundle.ts';
import { type CheckResult, fail, isForbidden, warn } from './check-result.ts';
import type { ClusterReader } from './cluster.ts';
import { crdName, crds } from './crds.ts';
import { deployment, lease, type ReadServeFlags, type ServeFlags } from './deployment.ts';
import { installFix, lookIn } from './fixes.ts';
import { images } from './images.ts';
import { installationOf } from './installation.ts';
import { findOperators, operator } from './operator.ts';
import { configMapOfServer, owners, type StoredServer } from './owners.ts';
import { permissions } from './permissions.ts';
import { preStop, proxyOf } from './pre-stop.ts';
import { reachable } from './reachable.ts';
import { secrets } from './secrets.ts';
import { allOf, findWebhooks, servicesOf, webhookConfigurations } from './webhook-configurations.ts';

/** In the order in which they are told, with what they are called. */
export const CHECKS = {
	'api-server': 'API server',
	crds: 'CRDs',
	registration: 'Registration',
	'ca-bundle': 'Certificate',
	reachable: 'Reachable',
	permissions: 'Permissions',
	deployment: 'Deployment',
	lease: 'Lease',
	operator: 'Operator',
	owners: 'Owners',
	'pre-stop': 'preStop',
	autoscalers: 'Autoscalers',
	secrets: 'Secrets',
} as const;

export type CheckId = keyof typeof CHECKS;

export interface Line extends CheckResult {
	readonly id: CheckId;
}

export interface DoctorOptions {
	/** URL of the API server. */
	readonly url: string;
	/** Where the product is installed; undefined where nobody said. */
	readonly namespace: string | undefined;
	readonly readSettings: ReadServeFlags;
	readonly nowMs: number;
}

/** Never rejects. */
export async function runChecks(
	cluster: ClusterReader,
	{ url, namespace: given, readSettings, nowMs }: DoctorOptions,
): Promise<Line[]> {
	const version = once(() => cluster.version());
	const webhooks = once(() => findWebhooks(cluster.getRegistration));
	/** Some checks only tell less without them. */
	const registered = await webhooks().catch(() => NO_WEBHOOKS);
	const all = allOf(registered);
	const services = servicesOf(all);
	const namespace = given ?? services[0]?.namespace ?? INSTALLED_AS;
	const named = { namespace, name: INSTALLED_AS };
	/** Another installation, where it has all the registrations. */
	const other = services.some((one) => one.namespace === namespace) ? undefined : services[0];
	const servers = once(() => listServers(cluster));
	const found = once(() => cluster.getDeployment(named));
	const installation = async () => {
		const object = await found();
		return object === undefined ? undefined : installationOf(object);
	};
	const settings = async (): Promise<ServeFlags | string | undefined> => {
		const installed = await installation();
		return installed === undefined ? undefined : readSettings(installed);
	};
	/** Some checks only tell less without it. */
	const settingsIfKnown = () => settings().catch(() => undefined);

	const shutdown = async () => {
		const known = await settingsIfKnown();
		return { ...DEFAULT_SETTINGS, ...(typeof known === 'object' && known.shutdown) };
	};
	const proxies = once(async () => cluster.listDeployments(proxyOf(await shutdown()), `${LABEL_TOOLHIVE}=true`));

	const helmRelease =
		all.find((one) => one.helmRelease !== undefined)?.helmRelease ??
		(await installation().catch(() => undefined))?.helmRelease;
	// Rights and registrations have no namespace: to install here as well would take them from the other one.
	const install = other === undefined ? installFix(namespace, helmRelease) : lookIn(other.namespace);

	const checks: Readonly<Record<CheckId, () => Promise<CheckResult[]>>> = {
		'api-server': async () => apiServer(url, await version()),
		crds: () => crds(cluster.getCrd),
		registration: async () => {
			const known = await settingsIfKnown();
			return webhookConfigurations(
				await webhooks(),
				typeof known === 'object' ? known.passwordEnv : undefined,
				install,
			);
		},
		'ca-bundle': async () => {
			// Rejects where nobody may see them.
			await webhooks();
			if (all.length === 0) return [];
			const installed = all.every((one) => one.url !== undefined) ? undefined : await installation();
			const known = await settingsIfKnown();
			const isOurs = installed !== undefined && typeof known === 'object' && known.isSelfManaged;
			return caBundle(all, namespace, isOurs ? { ...installed, certificate: SELF_MANAGED } : installed, cluster, nowMs);
		},
		reachable: async () => {
			// An API server that does not know the parameter would store what is tried.
			if (!knowsDryRun(await version())) return [warn('the webhooks', 'were not tried', 'see the API server above')];
			const known = await servers().catch(() => undefined);
			return reachable(known, registered, { ...(other ?? named), install }, cluster);
		},
		permissions: async () => {
			const installed = await installation().catch(() => undefined);
			const known = await settingsIfKnown();
			// A process outside the cluster brings its own certificate.
			const needs = installed !== undefined && typeof known === 'object' ? known : NEEDS_LEAST;
			const account = { namespace, name: installed?.serviceAccount ?? INSTALLED_AS };
			return permissions(account, cluster.isAllowed, needs, install);
		},
		deployment: async () => {
			const isOutside = all.length > 0 && all.every((one) => one.url !== undefined);
			return deployment(
				named,
				await installation(),
				await settings(),
				isOutside ? 'outside' : (other ?? 'here'),
				install,
			);
		},
		lease: async () => lease(named, await cluster.getLease(named), await settingsIfKnown(), nowMs),
		operator: async () => {
			const installed = await installation().catch(() => undefined);
			const crd = await cluster.getCrd(crdName('MCPServer')).catch(() => undefined);
			const operators = await findOperators(cluster.listDeployments);
			// Without them no image is judged; the checks of servers report why.
			const known = await servers().catch(() => []);
			return [...operator(operators, installed, await settingsIfKnown(), crd), ...images(operators, known)];
		},
		owners: async () => {
			const known = await servers();
			const checked = await Promise.all([
				proxies()
					.then((found) => owners('Deployment', known, found))
					.catch((error: Error) => [notDone(error)]),
				cluster
					.listConfigMaps(configMapOfServer, `${LABEL_MANAGED_BY}=${MANAGED_BY_OPERATOR}`)
					.then((found) => owners('ConfigMap', known, found))
					.catch((error: Error) => [notDone(error)]),
			]);
			return checked.flat();
		},
		'pre-stop': async () => {
			await webhooks();
			const kubernetes = kubernetesVersionOf(await version().catch(() => undefined));
			const isAdded = all.length > 0 && (kubernetes === undefined || !isTooOld(kubernetes));
			return isAdded ? preStop(await servers(), await proxies(), (await shutdown()).preStopSeconds) : [];
		},
		autoscalers: async () => autoscalers(await servers(), await cluster.listAutoscalers(autoscalerOf)),
		secrets: async () => secrets(await servers(), cluster.keysOfSecret),
	};

	const ids = Object.keys(CHECKS) as CheckId[];
	const said = await Promise.all(ids.map((id) => checks[id]().catch((error: Error) => [notDone(error)])));
	return ids.flatMap((id, index) => (said[index] ?? []).map((saying) => ({ id, ...withoutControls(saying) })));
}

const SELF_MANAGED = { secret: CERTIFICATE_SECRET, key: 'tls.crt', isSelfManaged: true } as const;
const NEEDS_LEAST = { isSelfManaged: false, hasNamespaceLabel: false } as const;
const NO_WEBHOOKS = { MutatingWebhookConfiguration: undefined, ValidatingWebhookConfiguration: undefined };

async function listServers({
	listServers: list,
}: Pick<ClusterReader, 'listServers'>): Promise<readonly StoredServer[]> {
	const stored = (object: Json): StoredServer | undefined => {
		const server = serverOf(object);
		return server && { ...server, apiVersion: String(object['apiVersion']) };
	};
	const lists = await Promise.all(KIND_LIST.map((kind) => list(kind, stored)));
	return lists.flat();
}

/** Asked when it is needed, and no more than once. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
	let asked: Promise<T> | undefined;
	return () => {
		asked ??= ask();
		return asked;
	};
}

const CANNOT = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/;

/** What a caller may not see is no fault of the cluster. */
function notDone(error: Error): CheckResult {
	const subject = 'the check';
	if (!isForbidden(error)) {
		return fail(subject, `was not made: ${error.message}`, 'try again; see that the API server is well');
	}
	const [, verb, resource, group] = CANNOT.exec(error.message) ?? [];
	if (verb === undefined)
		return warn(subject, `was not made: ${error.message}`, 'run it as somebody who may: --context');
	const right = `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
	return warn(subject, `was not made: you may not ${right}`, `run it as somebody who may: kubectl auth can-i ${right}`);
}

const withoutControls = ({ status, subject, message, fix }: CheckResult): CheckResult => ({
	status,
	subject: printable(subject),
	message: printable(message),
	...(fix !== undefined && { fix: printable(fix) }),
});
