/** kubectl and a cluster that the manifests are applied to, left as clean as can be. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { ROOT } from '../harness/manifest-files.ts';

interface Configuration {
	readonly webhooks: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

export const NS = 'toolhive-scaling';

export function useInstallation() {
	const controlPlane = needControlPlane();
	let folder: string | undefined;
	const kubectl = (args: readonly string[], input?: string) =>
		controlPlane().kubectl(args, { user: 'admin', ...(input !== undefined && { input }) });
	const apply = async (overlay: string): Promise<string[]> => {
		const { code, stdout, stderr } = await kubectl(['apply', '-k', overlay]);
		expect(stderr, 'warnings').to.equal('');
		expect(code).to.equal(0);
		return stdout.trim().split('\n');
	};
	const expectNoChange = async (overlay: string): Promise<void> => {
		const versions = [
			'get',
			'-k',
			overlay,
			'-o',
			'jsonpath={range .items[*]}{.kind} {.metadata.resourceVersion}{"\\n"}{end}',
		];
		const before = (await kubectl(versions)).stdout;
		const lines = await apply(overlay);
		expect((await kubectl(versions)).stdout)
			.to.equal(before)
			.and.include('Deployment ');
		// kubectl says `configured` of every PodDisruptionBudget: it always sends the selector, which changes nothing.
		expect(lines.filter((line) => !/ unchanged$|^poddisruptionbudget/.test(line))).to.deep.equal([]);
	};
	/** The folder they are in. */
	const makeCerts = (name: string, ...args: string[]): string => {
		const out = join(folder ?? '', name);
		const make = join(ROOT, 'certs/make.ts');
		const { status, stderr } = spawnSync(process.execPath, [make, '--out', out, ...args], { encoding: 'utf8' });
		expect(stderr).to.equal('');
		expect(status).to.equal(0);
		return out;
	};
	const configuration = async (kind: 'mutating' | 'validating'): Promise<Configuration> => {
		const { stdout } = await kubectl(['get', `${kind}webhookconfiguration`, 'toolhive-scaling', '-o', 'json']);
		return JSON.parse(stdout);
	};
	/** Whether our ServiceAccount may. */
	const may = async (...question: string[]): Promise<boolean> => {
		const { stdout } = await controlPlane().kubectl(['auth', 'can-i', ...question], { user: 'webhook' });
		return stdout.trim() === 'yes';
	};
	const caBundles = async (): Promise<string[]> =>
		[...(await configuration('mutating')).webhooks, ...(await configuration('validating')).webhooks].map(
			({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
		);

	// Everything but the namespace, which nobody could make again: without controllers it stays in `Terminating`.
	const remove = async (): Promise<void> => {
		const kinds = 'mutatingwebhookconfiguration,validatingwebhookconfiguration,clusterrole,clusterrolebinding';
		await kubectl(['delete', kinds, 'toolhive-scaling', '--ignore-not-found']);
		const namespaced = 'deployment,service,secret,serviceaccount,networkpolicy,poddisruptionbudget';
		await kubectl(['delete', namespaced, '--all', '-n', NS, '--ignore-not-found']);
	};
	before(async () => {
		await remove();
		folder = mkdtempSync(join(tmpdir(), 'toolhive-scaling-install-'));
	});
	after(async () => {
		// Not made when there is no control plane.
		if (folder === undefined) return;
		rmSync(folder, { recursive: true, force: true });
		await remove();
	});
	// They fail closed, and here nobody answers.
	afterEach(() =>
		kubectl([
			'delete',
			'mutatingwebhookconfiguration,validatingwebhookconfiguration',
			'toolhive-scaling',
			'--ignore-not-found',
		]),
	);

	return { controlPlane, kubectl, apply, expectNoChange, makeCerts, configuration, caBundles, may };
}
