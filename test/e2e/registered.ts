/** For test files: the registrations of the manifests in a real API server, leading to a recorder instead of to our Service. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before } from 'mocha';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { mutating, podWebhooks, ROOT, validating } from '../harness/manifest-files.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { operatorConfigMap, type Sample, server } from './samples.ts';

const CRDS = join(ROOT, 'manifests/crds');
const REGISTRATION = 'registration-test';

/** To be used inside hooks and tests only. */
export interface Registered {
	/** Runs kubectl; a failure is told by `code`. */
	readonly tryTo: (
		args: readonly string[],
		input?: object,
	) => Promise<{ code: number; stdout: string; stderr: string }>;
	/** Runs kubectl, gives its output, throws when it fails. */
	readonly must: (args: readonly string[], input?: object) => Promise<string>;
	readonly create: (sample: Sample) => Promise<string>;
	/** Changes nothing but an annotation. */
	readonly annotate: (resource: string, name: string, namespace?: string) => Promise<string>;
	/** Takes the finalizers off. */
	readonly release: (resource: string, name: string) => Promise<string>;
	/** What the webhook was asked while `act` ran. */
	readonly askedBy: (act: () => Promise<unknown>) => Promise<string[]>;
	/** The webhook is gone from now on. */
	readonly goDown: () => Promise<void>;
}

/** Call it inside a `describe`. Makes `namespace`, registers everything including pod mode, and cleans up afterwards. */
export function useRegistrations(namespace: string): Registered {
	const controlPlane = needControlPlane();
	let recorder: Recorder | undefined;
	let madeCrds = false;

	const tryTo: Registered['tryTo'] = (args, input) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input: JSON.stringify(input) }) });
	const must: Registered['must'] = async (args, input) => {
		const { code, stdout, stderr } = await tryTo(args, input);
		if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
		return stdout;
	};
	const askedBy: Registered['askedBy'] = async (act) => {
		recorder?.forget();
		await act();
		return recorder?.asked() ?? [];
	};
	const register = (kind: string, webhooks: readonly object[]): Promise<string> =>
		must(['apply', '-f', '-'], {
			apiVersion: 'admissionregistration.k8s.io/v1',
			kind,
			metadata: { name: REGISTRATION },
			webhooks,
		});
	/** The API server learns of a registration a moment after it is stored. */
	const waitUntilAsked = async (webhook: string, sample: Sample): Promise<void> => {
		const probe = (): Promise<string> => must(['create', '--dry-run=server', '-f', '-'], sample);
		while (!(await askedBy(probe)).some((line) => line.startsWith(webhook))) await sleep(50);
	};

	before('registrations', async function () {
		this.timeout(90_000);
		if (!existsSync(CRDS)) throw new Error('manifests/crds is not there; `make manifests` makes it');
		recorder = await startRecorder();
		// Another suite may have installed ToolHive's own.
		madeCrds = (await tryTo(['get', 'crd', 'mcpservers.toolhive.stacklok.dev'])).code !== 0;
		if (madeCrds) await must(['apply', '-f', CRDS]);
		await must(['wait', '--for=condition=Established', 'crd', '--all']);
		for (const name of [namespace, 'toolhive-scaling']) {
			await must(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
		}
		await register('MutatingWebhookConfiguration', [...mutating(), ...podWebhooks()].map(recorder.redirected));
		await register('ValidatingWebhookConfiguration', validating().map(recorder.redirected));
		await waitUntilAsked('servers.validate', server(namespace, 'try'));
		await waitUntilAsked('configmaps.mutate', operatorConfigMap(namespace, 'try'));
	});
	after('registrations', async function () {
		this.timeout(90_000);
		// Not started when there is no control plane.
		if (recorder === undefined) return;
		await must(['delete', 'mutatingwebhookconfiguration,validatingwebhookconfiguration', REGISTRATION]);
		await recorder.stop();
		await must(['delete', 'deployment,configmap,pod', '--all', '-n', namespace, '--grace-period=0', '--force']);
		if (madeCrds) await must(['delete', '-f', CRDS]);
		else await must(['delete', 'mcpservers,virtualmcpservers,mcpremoteproxies', '--all', '-n', namespace]);
	});
	return {
		tryTo,
		must,
		askedBy,
		create: (sample) => must(['create', '-f', '-'], sample),
		annotate: (resource, name, where = namespace) =>
			must(['annotate', '-n', where, resource, name, `example.com/at=${process.hrtime.bigint()}`, '--overwrite']),
		release: (resource, name) =>
			must(['patch', '-n', namespace, resource, name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']),
		goDown: async () => recorder?.stop(),
	};
}
