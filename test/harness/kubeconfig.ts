/** Writes a kubeconfig with one context, for an API server in a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Kubeconfig = ReturnType<typeof writeKubeconfig>;

/** Every client accepts JSON, because JSON is valid YAML. */
export function kubeconfigText(url: string, ca: string, token: string, namespace?: string): string {
	const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
	return JSON.stringify({
		...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'one' },
		clusters: [{ name: 'one', cluster }],
		users: [{ name: 'one', user: { token } }],
		contexts: [{ name: 'one', context: { cluster: 'one', user: 'one', namespace } }],
	});
}

export function writeKubeconfig(url: string, ca: string, token = 'scripted-token', namespace?: string) {
	const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
	const path = join(folder, 'config');
	writeFileSync(path, kubeconfigText(url, ca, token, namespace));
	return { path, remove: (): void => rmSync(folder, { recursive: true }) };
}
