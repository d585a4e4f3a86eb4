/** What clients see when Redis is away or refuses the password, and that nothing is lost afterwards. */
import { expect } from 'chai';
import { eventually } from '../../test/harness/eventually.ts';
import { callOnce, describeCounted, loadDuring } from './load.ts';
import type { SessionNamespace } from './namespace.ts';
import { mcpServer, PASSWORD_SECRET, secretObject, sessionStorage } from './objects.ts';
import { CLIENTS, serviceUrl } from './scenarios.ts';

const REPLICAS = 2;
const AT_LEAST = 400;
const NEW_PASSWORD = 'changed-password-of-redis';
/** The kubelet waits longer and longer before it starts a proxy again. */
const STARTED_MS = 150_000;

/** Call it inside a `describe` whose `before` has installed the product and started the operator. */
export function describeFaults(namespaceNow: () => SessionNamespace, isShort: boolean): void {
	describe('Redis fails', function () {
		this.timeout(400_000);
		const long = isShort ? it.skip : it;
		const redisCli = (...args: string[]): Promise<unknown> =>
			namespaceNow().tryKubectl([
				'exec',
				'deploy/redis',
				'--',
				'sh',
				'-c',
				`redis-cli --no-auth-warning -a "$REDIS_PASSWORD" ${args.join(' ')}`,
			]);
		const shape = (server: string) => ({
			urls: [serviceUrl(namespaceNow(), `mcp-${server}-proxy`)],
			clients: CLIENTS,
			atLeast: AT_LEAST,
		});
		const start = async (server: string, more: object = {}): Promise<void> =>
			namespaceNow().apply(mcpServer(namespaceNow().name, server, { replicas: REPLICAS, ...more }));

		it('wrong password › no proxy is ready and its log has the reason › with the right password all is well', async () => {
			const namespace = namespaceNow();
			const wrong = { ...PASSWORD_SECRET, name: 'wrong' };
			await namespace.apply({ ...secretObject('wrong-password'), metadata: { name: wrong.name } });
			const storage = { ...sessionStorage(namespace.name, 'wrong'), passwordRef: wrong };
			await start('wrong', { sessionStorage: storage });
			await eventually(async () => expect(await proxyLog(namespace, 'wrong')).to.contain('WRONGPASS'), STARTED_MS);
			await seenByClient(namespace, 'wrong');
			await namespace.apply({ ...secretObject('password-of-redis'), metadata: { name: wrong.name } });
			await namespace.kubectl('rollout', 'restart', 'deployment/wrong');
			await isWell(namespace, 'wrong');
		});

		long('down at the start › no proxy is ready and its log names Redis › Redis starts, and all is well', async () => {
			const namespace = namespaceNow();
			await namespace.kubectl('scale', 'deployment/redis', '--replicas=0');
			await start('down');
			await eventually(
				async () => expect(await proxyLog(namespace, 'down')).to.contain('redis: failed to connect: dial'),
				STARTED_MS,
			);
			await seenByClient(namespace, 'down');
			await namespace.kubectl('scale', 'deployment/redis', '--replicas=1');
			await isWell(namespace, 'down');
		});

		long('gone while in use › calls may fail meanwhile › every session is kept with its state', async () => {
			const namespace = namespaceNow();
			await start('used');
			await isWell(namespace, 'used');
			const counted = await loadDuring(namespace, shape('used'), async () => {
				// The kubelet starts it at once the first time, and after a pause the second time.
				for (const restarts of [1, 2]) {
					await redisCli('shutdown');
					await eventually(async () => expect(await redisState(namespace)).to.equal(`true ${restarts}`), 60_000);
				}
			});
			process.stdout.write(`      ${describeCounted(counted)}\n`);
			expect(counted.sessionsKept).to.equal(counted.sessions);
			expect(counted.stateKept).to.equal(counted.sessions);
		});

		long(
			'the password is changed › proxies are restarted › no request fails, every session keeps its state',
			async () => {
				const namespace = namespaceNow();
				await start('rotated');
				await isWell(namespace, 'rotated');
				const counted = await loadDuring(namespace, shape('rotated'), async () => {
					await namespace.apply(secretObject(NEW_PASSWORD));
					await redisCli('config', 'set', 'requirepass', NEW_PASSWORD);
					await namespace.kubectl('rollout', 'restart', 'deployment/rotated');
					await namespace.settled('rotated', REPLICAS);
				});
				process.stdout.write(`      ${describeCounted(counted)}\n`);
				expect(counted.failed - counted.closing, JSON.stringify(counted.reasons)).to.equal(0);
				expect(counted.stateKept).to.equal(counted.sessions);
			},
		);
	});
}

const redisState = (namespace: SessionNamespace): Promise<string> => {
	const path = '{.items[0].status.containerStatuses[0].ready} {.items[0].status.containerStatuses[0].restartCount}';
	return namespace.kubectl('get', 'pods', '-l', 'app=redis', '-o', `jsonpath=${path}`);
};

/** Of any proxy, also of one that has ended. */
async function proxyLog(namespace: SessionNamespace, server: string): Promise<string> {
	const selector = ['-l', `app.kubernetes.io/instance=${server}`, '--tail=50'];
	const [now, before] = await Promise.all([
		namespace.tryKubectl(['logs', ...selector]),
		namespace.tryKubectl(['logs', ...selector, '--previous']),
	]);
	const lines = (now.stdout + before.stdout).split('\n').filter((line) => /"ERROR"|error/i.test(line));
	return lines.join('\n');
}

/** There is no ready proxy, so the Service refuses. */
async function seenByClient(namespace: SessionNamespace, server: string): Promise<void> {
	const { reason = '', text } = await callOnce(namespace, serviceUrl(namespace, `mcp-${server}-proxy`));
	process.stdout.write(
		`      a client sees: ${reason}; the proxy logs: ${(await proxyLog(namespace, server)).slice(0, 300)}\n`,
	);
	expect(text).to.equal(undefined);
}

async function isWell(namespace: SessionNamespace, server: string): Promise<void> {
	await eventually(() => namespace.settled(server, REPLICAS), STARTED_MS);
	const { reason, text } = await callOnce(namespace, serviceUrl(namespace, `mcp-${server}-proxy`));
	expect(text, reason).to.contain('"calls":1');
}
