/** Creates the data that checks read, and formats their results as lines. */
import { expect } from 'chai';
import { it } from 'mocha';
import type { Json, Server } from '../../../src/api/types.ts';
import type { CheckResult } from '../../../src/doctor/check-result.ts';
import type { ClusterReader } from '../../../src/doctor/cluster.ts';
import type { CheckContext, ServeFlags } from '../../../src/doctor/context.ts';

/** Returns the context for a cluster in which the checks call only the functions in `cluster`. */
export const contextOf = (
	cluster: Partial<ClusterReader>,
	more: Partial<Omit<CheckContext, 'cluster'>> = {},
): CheckContext =>
	({
		product: { namespace: 'toolhive-scaling', name: 'toolhive-scaling' },
		otherService: undefined,
		installFix: 'INSTALL',
		webhooks: [],
		...more,
		cluster,
	}) as unknown as CheckContext;

/** Returns `status: sentence` for each result, and with `hasFix` also ` → fix`. */
export const linesOf = (results: readonly CheckResult[], hasFix: (index: number) => boolean = () => false): string[] =>
	results.map(({ status, subject, message, fix }, index) => {
		expect(fix === undefined, 'only ok needs no fix').to.equal(status === 'ok');
		return `${status}: ${subject} ${message}${hasFix(index) ? ` → ${fix}` : ''}`;
	});

export type Check = () => readonly CheckResult[] | Promise<readonly CheckResult[]>;

/**
 * Declares a test that expects these lines from `check`. In an expected line, `…` is any text. The fix is compared only
 * if the expected line has one.
 */
export function reports(title: string, check: Check, expected: readonly string[]): void {
	const statuses = expected.map((line) => line.slice(0, line.indexOf(':')));
	it(`${title} › ${statuses.join(', ') || 'no line'}`, async () => {
		const lines = linesOf(await check(), (index) => expected[index]?.includes(' → ') === true);
		const isExpected = (line: string, index: number): boolean => {
			const parts = expected[index]?.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) ?? [];
			return new RegExp(`^${parts.join('.*')}$`).test(line);
		};
		// A line that matches is replaced by its pattern, so that a failure shows only the other lines.
		expect(lines.map((line, index) => (isExpected(line, index) ? expected[index] : line))).to.deep.equal(expected);
	});
}

/** Returns the error for a request that the API server rejected. */
export const refusal = (status: number, message = 'refused'): Error => Object.assign(new Error(message), { status });

export const server = (name: string, spec: Partial<Server['spec']> = {}, more: Partial<Server> = {}): Server => ({
	...{ kind: 'MCPServer' as const, namespace: 'demo', name, uid: `uid-${name}`, ignore: [] },
	...more,
	spec: { stdio: false, ...spec },
});

/** Returns the Deployment of the product, with the fields that checks read. */
export const deploymentOf = (container: Json = {}, podSpec: Json = {}, more: Json = {}): Json => {
	const containers = [{ name: 'toolhive-scaling', image: 'example.com/scaling:1.2.3', args: ['serve'], ...container }];
	return {
		metadata: { namespace: 'toolhive-scaling', name: 'toolhive-scaling' },
		spec: { replicas: 2, template: { spec: { serviceAccountName: 'scaling', containers, ...podSpec } } },
		status: { readyReplicas: 2 },
		...more,
	};
};

export const FLAGS: ServeFlags = {
	operatorUsernames: ['system:serviceaccount:toolhive-system:toolhive-operator'],
	passwordEnv: 'deployment',
	shutdown: { gracePeriodSeconds: 45, preStopSeconds: 5 },
	isReconciling: true,
	isElected: true,
	isSelfManaged: false,
	hasNamespaceLabel: false,
};
