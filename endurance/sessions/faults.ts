/** Tests a wrong and a changed password of Redis, as docs/operations.md describes both. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventually } from '../../test/harness/eventually.ts';
import { callOnce, expectKept, loadDuring, proxyUrl } from './load.ts';
import { mcpServer, PASSWORD, PASSWORD_SECRET, secretObject, sessionStorage } from './objects.ts';
import type { SessionNamespace } from './use-sessions.ts';

const REPLICAS = 2;
const AT_LEAST = 400;
const NEW_PASSWORD = 'changed-password-of-redis';
/** The kubelet waits longer before each further restart of a proxy. */
const RESTARTED_MS = 150_000;

export function describeFaults(sessions: () => SessionNamespace, isShort: boolean): void {
	describe('the password of Redis', function () {
		this.timeout(400_000);
		const start = (server: string, more: object = {}): Promise<void> =>
			sessions().apply(mcpServer(sessions().name, server, { replicas: REPLICAS, ...more }));

		it('wrong › not ready, and the log has the reason › corrected › calls succeed', async () => {
			const namespace = sessions();
			const wrong = { ...PASSWORD_SECRET, name: 'wrong' };
			await namespace.apply(secretObject('wrong-password', wrong));
			await start('wrong', { sessionStorage: { ...sessionStorage(namespace.name, 'wrong'), passwordRef: wrong } });
			await eventually(async () => expect(await proxyLogs(namespace, 'wrong')).to.contain('WRONGPASS'), RESTARTED_MS);
			expect((await callOnce(namespace, 'wrong')).text).to.equal(undefined);
			await namespace.apply(secretObject(PASSWORD, wrong));
			await namespace.kubectl('rollout', 'restart', 'deployment/wrong');
			await expectAvailable(namespace, 'wrong');
		});
		if (isShort) return;
		it('changed › proxies are restarted › no request fails, every session keeps its state', async () => {
			const namespace = sessions();
			await start('rotated');
			await expectAvailable(namespace, 'rotated');
			const load = { urls: [proxyUrl(namespace, 'rotated')], atLeast: AT_LEAST };
			const counted = await loadDuring(namespace, load, async () => {
				await namespace.apply(secretObject(NEW_PASSWORD));
				const script = `redis-cli --no-auth-warning -a "$REDIS_PASSWORD" config set requirepass ${NEW_PASSWORD}`;
				await namespace.kubectl('exec', 'deploy/redis', '--', 'sh', '-c', script);
				await namespace.kubectl('rollout', 'restart', 'deployment/rotated');
				await namespace.waitForReplicas('rotated', REPLICAS);
			});
			expectKept(counted);
		});
	});
}

/** Returns the logs of all proxies, including those of containers that have ended. */
async function proxyLogs({ tryKubectl }: SessionNamespace, server: string): Promise<string> {
	const args = ['logs', '-l', `app.kubernetes.io/instance=${server}`, '--tail=50'];
	const logs = await Promise.all([tryKubectl(args), tryKubectl([...args, '--previous'])]);
	return logs.map(({ stdout }) => stdout).join('');
}

async function expectAvailable(namespace: SessionNamespace, server: string): Promise<void> {
	await namespace.waitForReplicas(server, REPLICAS);
	const { reason, text } = await callOnce(namespace, server);
	expect(text, reason).to.contain('"calls":1');
}
