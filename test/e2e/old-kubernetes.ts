/** The real API server as one of another version: everything is handed through, but for what `/version` tells. */
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { issueCa, issueServing } from '../../certs/issue.ts';
import type { ControlPlane, User } from '../harness/control-plane/start.ts';
import { writeKubeconfig } from '../harness/kubeconfig.ts';

export interface OtherVersion {
	readonly kubeconfig: (user: User) => string;
	readonly stop: () => Promise<void>;
}

export async function startOtherVersion(plane: ControlPlane, gitVersion: string): Promise<OtherVersion> {
	const authority = await issueCa();
	const { cert, key } = await issueServing(authority, { hosts: ['127.0.0.1'] });
	const ca = readFileSync(plane.caFile);
	const written: { remove: () => void }[] = [];
	const server = createServer({ cert, key }, (near, answer) => {
		const { method, headers, url = '/' } = near;
		const far = request(new URL(url, plane.url), { ca, method, headers, agent: false }, async (said) => {
			if (new URL(url, plane.url).pathname !== '/version') {
				answer.writeHead(said.statusCode ?? 0, said.headers);
				// Or the head of a watch waits for its first event.
				answer.flushHeaders();
				said.pipe(answer);
				return;
			}
			const version = { ...JSON.parse(await text(said)), gitVersion };
			answer.writeHead(said.statusCode ?? 0, { 'content-type': 'application/json' }).end(JSON.stringify(version));
		});
		far.on('error', () => answer.destroy());
		answer.on('close', () => far.destroy());
		near.pipe(far);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		kubeconfig: (user) => {
			const kubeconfig = writeKubeconfig(`https://127.0.0.1:${port}`, authority.cert, plane.token(user));
			written.push(kubeconfig);
			return kubeconfig.path;
		},
		stop: async () => {
			for (const kubeconfig of written) kubeconfig.remove();
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
		},
	};
}
