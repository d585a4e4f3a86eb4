/** Restarts, a lost leader and new certificates while people go on applying: nobody may notice. Then a process that hangs. */
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { DAY_MS } from '../../src/certificates/lifetimes.ts';
import { asCa, asTls, servingFor } from '../../test/harness/certificates.ts';
import { eventually } from '../../test/harness/eventually.ts';
import { mustSucceed } from '../../test/harness/product.ts';
import { isTrusted, needCluster } from './harness.ts';
import { askPod, NS, type Pod, podsOf, restart, rolledOut, runIn, shownBy, WEBHOOKS } from './installation.ts';
import { pastItsTime, plant, plantAuthority, storedData } from './secret.ts';
import { unnoticed } from './unnoticed.ts';

describe('disturbed while people apply', function () {
	this.timeout(300_000);
	const cluster = needCluster();
	const plane = () => cluster().plane;
	const kubectl = async (...args: string[]): Promise<string> =>
		(await mustSucceed(plane().kubectl(args, { user: 'admin', timeoutMs: 120_000 }))).stdout;
	const leaderOf = async (): Promise<string> => {
		const leading: string[] = [];
		for (const { metadata } of await podsOf(plane())) {
			const text = await askPod(plane(), metadata.name, '/metrics');
			if (/^thv_scaling_leader 1$/m.test(text)) leading.push(metadata.name);
		}
		expect(leading, 'leading').to.have.length(1);
		return leading[0] ?? '';
	};
	const bothShow = (pem = ''): Promise<void> =>
		eventually(async () => {
			const { fingerprint256 } = new X509Certificate(pem);
			const shown = (await podsOf(plane())).map((pod) => shownBy(plane(), pod));
			expect(await Promise.all(shown)).to.deep.equal([fingerprint256, fingerprint256]);
		});

	it('a rolling restart', () => unnoticed(plane(), () => restart(plane())));

	it('the leader is deleted, and the other one takes over', async () => {
		let gone = '';
		// After the restart before, the last leader of all keeps the Lease until it has drained.
		await eventually(async () => {
			gone = await leaderOf();
		});
		await unnoticed(plane(), async () => {
			await kubectl('-n', NS, 'delete', 'pod', gone);
			await eventually(async () => expect(await leaderOf()).not.to.equal(gone));
			await rolledOut(plane());
		});
	});

	it('the serving certificate is renewed, and both pods take it', async () => {
		const { 'ca.crt': cert = '', 'ca.key': key = '' } = await storedData(plane());
		const due = await servingFor({ cert, key }, 0, { now: new Date(Date.now() - 61 * DAY_MS) });
		await unnoticed(plane(), async () => {
			await plant(plane(), { ...asCa({ cert, key }), ...asTls(due) });
			await eventually(async () => expect((await storedData(plane()))['tls.crt']).not.to.equal(due.cert));
			const renewed = await storedData(plane());
			expect(renewed['ca.crt']).to.equal(cert);
			await bothShow(renewed['tls.crt']);
		});
	});

	it('the authority is renewed: both are trusted, then the certificate changes', async () => {
		const old = await plantAuthority(plane(), await pastItsTime());
		await unnoticed(plane(), async () => {
			await eventually(async () => expect((await storedData(plane()))['ca.crt']).not.to.equal(old), 60_000);
			await bothShow((await storedData(plane()))['tls.crt']);
		});
	});

	it('a caBundle that somebody emptied is back within seconds', async () => {
		const empty = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
		for (const kind of WEBHOOKS.split(','))
			await kubectl('patch', kind, NS, '--type=json', '-p', JSON.stringify(empty));
		const startedMs = performance.now();
		await isTrusted(plane());
		process.stdout.write(`      ${Math.round((performance.now() - startedMs) / 100) / 10} s\n`);
	});

	it('a pod whose process hangs is taken out of the Service, restarted, and put back', async () => {
		const pods = await podsOf(plane());
		const { name = '' } = pods[0]?.metadata ?? {};
		await hang((script) => runIn(plane(), name, script));
		const startedMs = performance.now();
		const passed = (): number => Math.round((performance.now() - startedMs) / 1000);
		const statusOf = async () => (await podsOf(plane())).find(({ metadata }) => metadata.name === name)?.status;
		const isReady = async (): Promise<string | undefined> =>
			(await statusOf())?.conditions.find(({ type }) => type === 'Ready')?.status;
		await eventually(async () => expect(await isReady()).to.equal('False'), 60_000);
		process.stdout.write(`      not ready after ${passed()} s\n`);
		await eventually(async () => expect((await statusOf())?.containerStatuses[0]?.restartCount).to.equal(1), 120_000);
		process.stdout.write(`      restarted after ${passed()} s\n`);
		await eventually(async () => expect(await isReady()).to.equal('True'), 60_000);
		expect(await kubectl('-n', NS, 'get', 'events')).to.contain('Liveness probe failed');
	});

	it('the budget lets one of two go, and not both', async () => {
		const pods = await podsOf(plane());
		await rolledOut(plane());
		const evict = ({ metadata: { name } }: Pod) =>
			plane().kubectl(['create', '--raw', `/api/v1/namespaces/${NS}/pods/${name}/eviction`, '-f', '-'], {
				user: 'admin',
				input: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NS } }),
			});
		await unnoticed(plane(), async () => {
			const [first, second] = [await evict(pods[0] as Pod), await evict(pods[1] as Pod)];
			expect(first.code, first.stderr).to.equal(0);
			expect(second.stderr).to.contain("violate the pod's disruption budget");
			await rolledOut(plane());
		});
	});
});

/** The process is the pod's first one, which no signal from inside can stop. Its inspector can: it runs an endless loop. */
async function hang(runIn: (script: string) => Promise<unknown>): Promise<void> {
	await runIn(`process.kill(1, 'SIGUSR1');
		const ask = async () => {
			const [{ webSocketDebuggerUrl }] = await (await fetch('http://127.0.0.1:9229/json/list')).json();
			const socket = new WebSocket(webSocketDebuggerUrl);
			socket.onopen = () => {
				socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;);' } }));
				setTimeout(() => process.exit(), 500);
			};
		};
		setTimeout(ask, 1000);`);
}
