/** Checks the Pods of the product. */
import { type CheckResult, fail, ok, warn } from './check-result.ts';
import type { NamespacedName } from './cluster.ts';
import { deploymentArgs, doctorCommand, logsCommand, namespaceFlag } from './commands.ts';
import type { DoctorCheck } from './context.ts';
import type { Installation } from './installation.ts';

export const checkDeployment: DoctorCheck = async ({
	product,
	installation,
	flagsOrError,
	otherService,
	...context
}) => {
	const installed = await installation();
	if (installed !== undefined) return runs(product, installed, flagsOrError);
	const isOutside = context.webhooks.length > 0 && context.webhooks.every(({ url }) => url !== undefined);
	return [isMissing(product, isOutside ? 'outside' : otherService, context.installFix)];
};

const subjectOf = ({ namespace, name }: NamespacedName): string => `${namespace}/${name}`;

/** Reports a missing Deployment. `service` is what the webhooks call, if that is not the Deployment `named`. */
function isMissing(named: NamespacedName, service: 'outside' | NamespacedName | undefined, install: string) {
	const subject = subjectOf(named);
	if (service === undefined)
		return fail(subject, 'does not exist', `set its namespace with --namespace, or ${install}`);
	if (service !== 'outside') {
		const message = `does not exist: the webhook configurations call Service ${subjectOf(service)}`;
		return fail(subject, message, doctorCommand(service.namespace));
	}
	const message = 'does not exist: the webhook configurations call a process outside the cluster';
	return warn(subject, message, 'if that is intended, do nothing; else name its namespace with --namespace');
}

function runs(named: NamespacedName, installation: Installation, flags: unknown): CheckResult[] {
	const subject = subjectOf(named);
	const { replicas, readyReplicas, image } = installation;
	const message = `has ${readyReplicas} of ${replicas} replicas ready, image ${image}`;
	const state =
		readyReplicas === 0
			? fail(subject, `${message}: no replica is ready to answer`, describeCommand(named))
			: readyReplicas < replicas
				? warn(subject, message, describeCommand(named))
				: ok(subject, message);
	if (typeof flags !== 'string') return [state];
	const edit = `kubectl edit ${deploymentArgs(named)}`;
	return [state, fail(subject, `has settings that serve rejects: ${flags}`, edit)];
}

export const describeCommand = (named: NamespacedName): string =>
	`kubectl describe pods ${namespaceFlag(named.namespace)}; ${logsCommand(named)}`;
