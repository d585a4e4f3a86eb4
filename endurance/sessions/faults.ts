/** Tests Redis while it is down or rejects the password: the errors that clients see, and the recovery. */
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventually } from '../../test/harness/eventually.ts';
import { callOnce, expectKept, loadDuring } from './load.ts';
import { mcpServer, PASSWORD, PASSWORD_SECRET, secretObject, sessionStorage } from './objects.ts';
import type { SessionNamespace } from './use-sessions.ts';

const REPLICAS = 2;
const AT_LEAST = 400;
const NEW_PASSWORD = 'changed-password-of-redis';
/** The kubelet waits longer before each further restart of a proxy. */
const RESTARTED_MS = 150_000;

export function describeFaults(sessions: () => SessionNamespace, isShort: boolean): void {
	describe('Redis fails', function () {
		this.timeout(400_000);
		const long = isShort ? it.skip : it;
		const start = (server: string, more: object = {}): Promise<void> =>
			sessions().apply(mcpServer(sessions().name, server, { replicas: REPLICAS, ...more }));
		const redisCli = (command: string) => {
			const script = `redis-cli --no-auth-warning -a "$REDIS_PASSWORD" ${command}`;
			return sessions().tryKubectl(['exec', 'deploy/redis', '--', 'sh', '-c', script]);
		};

		it('wrong password › not ready, and the log has the reason › password is corrected › calls succeed', async () => {
			const namespace = sessions();
			const wrong = { ...PASSWORD_SECRET, name: 'wrong' };
			await namespace.apply(secretObject('wrong-password', wrong));
			await start('wrong', { sessionStorage: { ...sessionStorage(namespace.name, 'wrong'), passwordRef: wrong } });
			await expectUnavailable(namespace, 'wrong', 'WRONGPASS');
			await namespace.apply(secretObject(PASSWORD, wrong));
			await namespace.kubectl('rollout', 'restart', 'deployment/wrong');
			await expectAvailable(namespace, 'wrong');
		});
		long(
			'Redis is down at the start › not ready, and the log has the reason › Redis starts › calls succeed',
			async () => {
				const namespace = sessions();
				await namespace.kubectl('scale', 'deployment/redis', '--replicas=0');
				await start('down');
				await expectUnavailable(namespace, 'down', 'redis: failed to connect: dial');
				await namespace.kubectl('scale', 'deployment/redis', '--replicas=1');
				await expectAvailable(namespace, 'down');
			},
		);
		long('Redis restarts two times › calls may fail meanwhile, every session keeps its state', async () => {
			const namespace = sessions();
			await start('used');
			await expectAvailable(namespace, 'used');
			const container = '.items[0].status.containerStatuses[0]';
			const path = `jsonpath={${container}.ready} {${container}.restartCount}`;
			const counted = await loadDuring(namespace, { server: 'used', atLeast: AT_LEAST }, async () => {
				// The kubelet restarts Redis without a pause the first time, and after a pause the second time.
				for (const restarts of [1, 2]) {
					await redisCli('shutdown');
					const state = () => namespace.kubectl('get', 'pods', '-l', 'app=redis', '-o', path);
					await eventually(async () => expect(await state()).to.equal(`true ${restarts}`), 60_000);
				}
			});
			expectKept(counted, 'sessions are kept');
		});
		long(
			'the password is changed › proxies are restarted › no request fails, every session keeps its state',
			async () => {
				const namespace = sessions();
				await start('rotated');
				await expectAvailable(namespace, 'rotated');
				const counted = await loadDuring(namespace, { server: 'rotated', atLeast: AT_LEAST }, async () => {
					await namespace.apply(secretObject(NEW_PASSWORD));
					await redisCli(`config set requirepass ${NEW_PASSWORD}`);
					await namespace.kubectl('rollout', 'restart', 'deployment/rotated');
					await namespace.waitForReplicas('rotated', REPLICAS);
				});
				expectKept(counted);
			},
		);
	});
}

/** Returns the error lines of all proxies, including those of containers that have ended. */
async function proxyErrors({ tryKubectl }: SessionNamespace, server: string): Promise<string> {
	const args = ['logs', '-l', `app.kubernetes.io/instance=${server}`, '--tail=50'];
	const [current, previous] = await Promise.all([tryKubectl(args), tryKubectl([...args, '--previous'])]);
	const lines = (current.stdout + previous.stdout).split('\n');
	return lines.filter((line) => /"ERROR"|error/i.test(line)).join('\n');
}

/** Expects that the Service rejects connections, because no proxy is ready. */
async function expectUnavailable(namespace: SessionNamespace, server: string, reason: string): Promise<void> {
	await eventually(async () => expect(await proxyErrors(namespace, server)).to.contain(reason), RESTARTED_MS);
	const { reason: seen = '', text } = await callOnce(namespace, server);
	const log = (await proxyErrors(namespace, server)).slice(0, 300);
	process.stdout.write(`      the client gets: ${seen}; the proxy logs: ${log}\n`);
	expect(text).to.equal(undefined);
}

async function expectAvailable(namespace: SessionNamespace, server: string): Promise<void> {
	await namespace.waitForReplicas(server, REPLICAS);
	const { reason, text } = await callOnce(namespace, server);
	expect(text, reason).to.contain('"calls":1');
}
