/** The same kubeconfigs for kubectl and for the product: both must reach the real API server as the same user. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { stringify } from 'yaml';
import type { Json } from '../../../src/api/types.ts';
import { issueCa } from '../../../src/certificates/issue.ts';
import { type Connection, connect } from '../../../src/cluster/connect.ts';
import type { EnvironmentVariables } from '../../../src/cluster/service-account.ts';
import { findAssets } from '../../harness/control-plane/assets.ts';
import { USERS } from '../../harness/control-plane/credentials.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../../harness/control-plane/start.ts';
import { startFreezableProxy } from '../../harness/freezable-proxy.ts';
import { writeKubeconfig } from '../../harness/kubeconfig.ts';
import { later } from '../../harness/later.ts';
import { type ConnectProxy, startConnectProxy } from '../connect-proxy.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const CLIENT = 'user-of-a-client-certificate';
/** Only the proxy finds it. */
const TUNNELLED = 'https://api.cluster.test:6443';

interface Config {
	readonly clusters?: Readonly<Record<string, unknown>>;
	readonly users?: Readonly<Record<string, unknown>>;
	/** To cluster and user; the namespace is the name of the context. */
	readonly contexts?: Readonly<Record<string, readonly [cluster: string, user?: string]>>;
	readonly current?: string;
}

describe('cluster kubeconfig and kubectl', function () {
	this.timeout(90_000);
	needControlPlane();
	let plane: ControlPlane;
	let proxy: ConnectProxy;
	let folder: string;
	let files: string;
	let client: { readonly cert: string; readonly key: string };

	before(async () => {
		files = mkdtempSync(join(tmpdir(), 'kubeconfig-plane-'));
		// Its own authority: a certificate that signs itself is enough to be known by.
		client = await issueCa({ commonName: CLIENT });
		writeFileSync(join(files, 'client-ca.crt'), client.cert);
		plane = await startControlPlane({
			apiServerArgs: [`--client-ca-file=${join(files, 'client-ca.crt')}`, '--goaway-chance=0.02'],
		});
		proxy = await startConnectProxy(plane.url);
	});
	after(async () => {
		await proxy?.stop();
		await plane?.stop();
		rmSync(files, { recursive: true });
	});
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
		proxy.asked.length = 0;
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	const cluster = (more: Json = {}): Json => ({
		server: plane.url,
		'certificate-authority-data': readFileSync(plane.caFile).toString('base64'),
		...more,
	});
	const user = (name: keyof typeof USERS): Json => ({ token: plane.token(name) });
	const write = (
		name: string,
		{ clusters = {}, users = {}, contexts = {}, current }: Config,
		isJson = false,
	): string => {
		const path = join(folder, name);
		mkdirSync(dirname(path), { recursive: true });
		const config = {
			apiVersion: 'v1',
			kind: 'Config',
			...(current !== undefined && { 'current-context': current }),
			clusters: Object.entries(clusters).map(([key, value]) => ({ name: key, cluster: value })),
			users: Object.entries(users).map(([key, value]) => ({ name: key, user: value })),
			contexts: Object.entries(contexts).map(([key, [one, who]]) => ({
				name: key,
				context: { cluster: one, namespace: key, ...(who !== undefined && { user: who }) },
			})),
		};
		writeFileSync(path, isJson ? JSON.stringify(config) : stringify(config));
		return path;
	};
	/** One file with one context. */
	const single = (who: Json | undefined, where: Json = cluster(), name = 'config'): string =>
		write(name, {
			clusters: { k: where },
			users: who === undefined ? {} : { u: who },
			contexts: { c: who === undefined ? ['k'] : ['k', 'u'] },
			current: 'c',
		});
	const beside = (name: string, text: string, mode = 0o600): string => {
		const path = join(folder, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text, { mode });
		return path;
	};
	const exec = (command: string): Json => ({
		exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' },
	});
	const program = (name: string, token: string): string => {
		const status = { token };
		const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
		const needed = 'test -n "$KUBERNETES_EXEC_INFO" || exit 9\n';
		return beside(name, `#!/bin/sh\n${needed}echo '${JSON.stringify(credential)}'\n`, 0o700);
	};

	const whoami = async (connection: Connection): Promise<string> => {
		const { status, body } = await connection.post(REVIEWS, REVIEW);
		const info = (body as { status?: { userInfo?: { username?: string } } }).status?.userInfo;
		return info?.username ?? `${status}: ${JSON.stringify(body)}`;
	};
	const ours = async (kubeconfig: string, env: EnvironmentVariables = {}): Promise<string> => {
		try {
			const connection = await connect(undefined, { KUBECONFIG: kubeconfig, ...env });
			return await whoami(connection).finally(() => connection.close());
		} catch (error) {
			return (error as Error).message;
		}
	};
	const kubectls = async (kubeconfig: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
		const args = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}', '--request-timeout=20s'];
		const { code, stdout, stderr } = await plane.kubectl(args, { env: { KUBECONFIG: kubeconfig, ...env } });
		return code === 0 ? stdout : `exit code ${code}: ${stderr}`;
	};

	const { person, operator, webhook } = USERS;
	const rows: readonly {
		readonly title: string;
		readonly kubeconfig: () => string;
		readonly env?: () => Readonly<Record<string, string>>;
		readonly expected: string;
		/** `HOST:PORT` that the proxy is asked for. */
		readonly tunnel?: string;
	}[] = [
		{ title: 'one file', kubeconfig: () => single(user('person')), expected: person.name },
		...(['utf-16le', 'utf-16be'] as const).map((encoding) => ({
			title: `${encoding} with a byte order mark, as a Windows PowerShell writes it`,
			kubeconfig: () => {
				const path = single(user('person'));
				const bytes = Buffer.from(`\ufeff${readFileSync(path, 'utf8')}`, 'utf16le');
				writeFileSync(path, encoding === 'utf-16le' ? bytes : bytes.swap16());
				return path;
			},
			expected: person.name,
		})),
		{
			title: 'one file of JSON',
			kubeconfig: () => {
				const config = {
					clusters: { k: cluster() },
					users: { u: user('person') },
					contexts: { c: ['k', 'u'] },
				} as const;
				return write('config', { ...config, current: 'c' }, true);
			},
			expected: person.name,
		},
		{
			title: 'a missing file before it',
			kubeconfig: () => [join(folder, 'missing'), single(user('person'))].join(delimiter),
			expected: person.name,
		},
		{
			title: 'a missing file after it, and empty elements',
			kubeconfig: () => ['', single(user('person')), '', join(folder, 'missing'), ''].join(delimiter),
			expected: person.name,
		},
		{
			title: 'an empty file before it',
			kubeconfig: () => [beside('empty', ''), single(user('person'))].join(delimiter),
			expected: person.name,
		},
		{
			title: 'the same file twice',
			kubeconfig: () => [single(user('person')), join(folder, 'config')].join(delimiter),
			expected: person.name,
		},
		{
			title: 'a copy of the file',
			kubeconfig: () => {
				const file = single(user('person'));
				cpSync(file, `${file}-copy`);
				return [file, `${file}-copy`].join(delimiter);
			},
			expected: person.name,
		},
		{
			title: 'entries of the same names in two files',
			kubeconfig: () => {
				const first = single(user('person'), cluster(), 'first');
				return [first, single(user('operator'), cluster({ server: 'https://127.0.0.1:1' }), 'second')].join(delimiter);
			},
			expected: person.name,
		},
		{
			title: 'a context in one file, its cluster and user in others',
			kubeconfig: () =>
				[
					write('1', { contexts: { c: ['k', 'u'] } }),
					write('2', { clusters: { k: cluster() }, users: { v: user('webhook') }, current: 'c' }),
					write('3', { users: { u: user('operator') }, contexts: { d: ['k', 'v'] }, current: 'd' }),
				].join(delimiter),
			expected: operator.name,
		},
		{
			title: 'an entry that is not used and not complete',
			kubeconfig: () =>
				write('config', {
					clusters: { other: {}, k: cluster() },
					users: { other: {}, u: user('person') },
					contexts: { other: ['nowhere', 'nobody'], c: ['k', 'u'] },
					current: 'c',
				}),
			expected: person.name,
		},
		{
			title: 'relative certificate-authority and tokenFile, of a file in a list',
			kubeconfig: () => {
				beside('a/files/ca.crt', readFileSync(plane.caFile, 'utf8'));
				beside('b/token', `${plane.token('operator')}\n`);
				const where = { server: plane.url, 'certificate-authority': 'files/ca.crt' };
				return [
					write('a/config', { clusters: { k: where }, contexts: { c: ['k', 'u'] }, current: 'c' }),
					write('b/config', { users: { u: { tokenFile: 'token' } } }),
				].join(delimiter);
			},
			expected: operator.name,
		},
		{
			title: 'relative client-certificate and client-key',
			kubeconfig: () => {
				beside('a/client.crt', client.cert);
				beside('a/client.key', client.key);
				const who = { 'client-certificate': './client.crt', 'client-key': '../a/client.key' };
				return single(who, cluster(), 'a/config');
			},
			expected: CLIENT,
		},
		{
			title: 'tokenFile beside token',
			kubeconfig: () => single({ token: 'of-nobody', tokenFile: beside('token', plane.token('webhook')) }),
			expected: webhook.name,
		},
		{
			title: 'relative exec.command',
			kubeconfig: () => {
				program('a/bin/login.sh', plane.token('person'));
				return single(exec('./bin/login.sh'), cluster(), 'a/config');
			},
			expected: person.name,
		},
		{
			title: 'exec with provideClusterInfo, as gcloud writes it',
			kubeconfig: () => {
				const credential = {
					apiVersion: 'client.authentication.k8s.io/v1',
					kind: 'ExecCredential',
					status: { token: plane.token('person') },
				};
				const needed = `case "$KUBERNETES_EXEC_INFO" in *'"server":"${plane.url}"'*'"config":{"a":1}'*) ;; *) exit 9;; esac`;
				beside('login.sh', `#!/bin/sh\n${needed}\necho '${JSON.stringify(credential)}'\n`, 0o700);
				const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }];
				return single(
					{ exec: { ...(exec('./login.sh')['exec'] as Json), provideClusterInfo: true } },
					cluster({ extensions }),
				);
			},
			expected: person.name,
		},
		{
			title: 'relative exec.command without a dot, of a file in a list',
			kubeconfig: () => {
				program('b/bin/login.sh', plane.token('person'));
				const config = { clusters: { k: cluster() }, contexts: { c: ['k', 'u'] }, current: 'c' } as const;
				return [write('a/config', config), write('b/config', { users: { u: exec('bin/login.sh') } })].join(delimiter);
			},
			expected: person.name,
		},
		{
			title: 'impersonation of a user and a group',
			kubeconfig: () =>
				single({
					...user('admin'),
					as: 'jane',
					'as-groups': ['one', 'two'],
					'as-user-extra': { 'example.com/a': ['b', 'c'] },
				}),
			expected: 'jane',
		},
		{
			title: 'proxy-url, even to a loopback address',
			kubeconfig: () => single(user('person'), cluster({ 'proxy-url': proxy.url })),
			tunnel: 'the API server',
			expected: person.name,
		},
		...(['HTTPS_PROXY', 'https_proxy'] as const).map((name) => ({
			title: `${name} and tls-server-name, with a client certificate`,
			kubeconfig: () =>
				single(
					{
						'client-certificate-data': Buffer.from(client.cert).toString('base64'),
						'client-key-data': Buffer.from(client.key).toString('base64'),
					},
					cluster({ server: TUNNELLED, 'tls-server-name': 'kubernetes.default.svc' }),
				),
			env: () => ({ [name]: proxy.url, NO_PROXY: '10.0.0.0/8,.example.com' }),
			tunnel: 'api.cluster.test:6443',
			expected: CLIENT,
		})),
		{
			title: 'HTTPS_PROXY and a loopback address',
			kubeconfig: () => single(user('person')),
			env: () => ({ HTTPS_PROXY: proxy.url }),
			expected: person.name,
		},
	];
	for (const { title, kubeconfig, env = () => ({}), tunnel, expected } of rows) {
		it(`${title} › kubectl and the product are ${expected}`, async () => {
			const path = kubeconfig();
			expect(await kubectls(path, env()), 'kubectl').to.equal(expected);
			const tunnels = tunnel === undefined ? [] : [tunnel.replace('the API server', new URL(plane.url).host)];
			expect([...new Set(proxy.asked)], 'kubectl, through the proxy').to.deep.equal(tunnels);
			proxy.asked.length = 0;
			expect(await ours(path, env())).to.equal(expected);
			expect([...new Set(proxy.asked)], 'through the proxy').to.deep.equal(tunnels);
		});
	}

	for (const { title, kubeconfig, message } of [
		{
			title: 'one missing file',
			kubeconfig: () => join(folder, 'missing'),
			message: /^file not found \(ENOENT\): \S+missing; correct --kubeconfig or KUBECONFIG$/,
		},
		{
			title: 'nothing but missing files',
			kubeconfig: () => ['one', 'two'].map((name) => join(folder, name)).join(delimiter),
			message: /^file not found \(ENOENT\): \S+one, \S+two; correct/,
		},
		{
			title: 'a user without credentials',
			kubeconfig: () => single({}),
			message: /^user "u" of \S+config has no credentials: add a token, tokenFile, client-certificate or exec/,
		},
		{
			title: 'a context without a user',
			kubeconfig: () => single(undefined),
			message: /^context "c" of \S+config names no user: add/,
		},
		{
			title: 'a user that does not exist',
			kubeconfig: () => write('config', { clusters: { k: cluster() }, contexts: { c: ['k', 'nobody'] }, current: 'c' }),
			message: /^context "c" of \S+config names user "nobody", which is not in users: add it, or correct the name$/,
		},
		{
			title: 'a cluster that does not exist',
			kubeconfig: () =>
				write('config', { contexts: { c: ['nowhere', 'u'] }, users: { u: user('person') }, current: 'c' }),
			message: /^context "c" of \S+config names cluster "nowhere", which is not in clusters/,
		},
		{
			title: 'a current-context that does not exist',
			kubeconfig: () => write('config', { contexts: { c: ['k', 'u'] }, current: 'd' }),
			message: /^no context "d" in \S+config; contexts: "c"$/,
		},
		{
			title: 'a name that is twice in one file',
			kubeconfig: () => beside('config', 'users: [{name: u, user: {}}, {name: u, user: {}}]\ncurrent-context: c\n'),
			message: /config: users has "u" twice: remove one$/,
		},
		{
			title: 'a tokenFile that does not exist',
			kubeconfig: () => single({ tokenFile: 'gone' }),
			message: /^credentials of user "u" in \S+config cannot be used: ENOENT.*gone/,
		},
		{
			title: 'a program that fails with several lines',
			kubeconfig: () => {
				beside('fails.sh', '#!/bin/sh\nprintf "log in first\\nsee the manual\\n" >&2\nexit 1\n', 0o700);
				return single(exec('./fails.sh'));
			},
			message: /^credentials of user "u" in \S+config cannot be used: log in first; see the manual$/,
		},
	]) {
		it(`${title} › the error names it, and kubectl fails too`, async () => {
			const path = kubeconfig();
			expect(await ours(path)).to.match(message);
			expect(await kubectls(path, { KUBERNETES_MASTER: '' })).to.match(/^exit code /);
		});
	}

	/** Runs `kubectl proxy` as the person while `act` runs. */
	const throughKubectl = async (args: readonly string[], act: (url: string) => Promise<void>): Promise<void> => {
		const assets = await findAssets({ env: process.env, controllerManager: false, say: () => undefined });
		const all = ['proxy', '--port=0', `--kubeconfig=${plane.kubeconfig('person')}`, ...args];
		const running = spawn(join(assets.folder, 'kubectl'), all, { stdio: ['ignore', 'pipe', 'inherit'] });
		try {
			const [line] = await once(running.stdout, 'data');
			await act(`http://${/127\.0\.0\.1:\d+/.exec(String(line))?.[0]}`);
		} finally {
			running.kill();
			await once(running, 'exit');
		}
	};

	it('kubectl proxy › server is http › works, and the token of the user is not sent', () =>
		throughKubectl([], async (server) => {
			for (const who of [undefined, {}, user('operator')]) {
				const path = single(who, { server });
				expect(await kubectls(path), 'kubectl').to.equal(person.name);
				expect(await ours(path)).to.equal(person.name);
			}
		}));

	it('server with a path › the path is kept', () =>
		throughKubectl(['--api-prefix=/k8s/c-1/'], async (server) => {
			const path = single(undefined, { server: `${server}/k8s/c-1/` });
			expect(await kubectls(path), 'kubectl').to.equal(person.name);
			expect(await ours(path)).to.equal(person.name);
		}));

	it('impersonation › groups, uid and extra values are sent, as by kubectl', async () => {
		const as = {
			as: 'jane',
			'as-uid': '7',
			'as-groups': ['one', 'two'],
			'as-user-extra': { 'example.com/a': ['b', 'c'] },
		};
		const path = single({ ...user('admin'), ...as });
		const connection = await connect(path);
		const { body } = await connection.post(REVIEWS, REVIEW);
		await connection.close();
		const { stdout } = await plane.kubectl(['auth', 'whoami', '-o', 'json'], { env: { KUBECONFIG: path } });
		const info = (body as { status: { userInfo: Json } }).status.userInfo;
		expect(info).to.deep.equal(JSON.parse(stdout).status.userInfo);
		expect(info['groups']).to.include.members(['one']);
	});

	it('tokenFile › the file is replaced › the new token is used', async () => {
		const token = beside('token', plane.token('person'));
		const connection = await connect(single({ tokenFile: 'token' }));
		const seen = [await whoami(connection)];
		writeFileSync(token, plane.token('operator'));
		await later(11_000, async () => seen.push(await whoami(connection)));
		await connection.close();
		expect(seen).to.deep.equal([person.name, operator.name]);
	});

	it('API server with --goaway-chance › many calls, one by one and together › none fails', async () => {
		const counted = await startFreezableProxy(plane.url);
		const connection = await connect(single(user('person'), cluster({ server: counted.url })));
		const failures: string[] = [];
		const call = (index: number): Promise<unknown> =>
			(index % 2 === 0 ? connection.get('/api/v1/namespaces') : connection.post(REVIEWS, REVIEW)).catch(
				(error: Error) => failures.push(`${error.name}: ${error.message}`),
			);
		for (let index = 0; index < 1_000; index += 1) await call(index);
		// Each GOAWAY ends a connection; without any it would be one. Only HTTP/2 has it.
		expect(counted.connections()).to.be.above(5);
		for (let batch = 0; batch < 40; batch += 1)
			await Promise.all(Array.from({ length: 20 }, (_, index) => call(index)));
		await connection.close();
		await counted.stop();
		expect(failures).to.deep.equal([]);
	});
});

describe('cluster connection that the other side closes', () => {
	/** Closes instead of an answer to the requests of these numbers: as a load balancer at its idle limit. */
	const startClosing = async (
		closed: readonly number[],
	): Promise<{ url: string; requests: string[]; stop: () => void }> => {
		const requests: string[] = [];
		const server = createServer((request, response) => {
			const isClosed = closed.includes(requests.push(request.method ?? ''));
			if (isClosed) request.socket.end();
			else response.end('{}');
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return {
			url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
			requests,
			stop: () => server.close().closeAllConnections(),
		};
	};

	for (const { title, closed, act, expected, requests } of [
		{
			title: 'a GET › is repeated once',
			closed: [2],
			act: async ({ get }: Connection) => [await get('/a'), await get('/b')],
			expected: [{}, {}],
			requests: ['GET', 'GET', 'GET'],
		},
		{
			title: 'a GET and its repetition › fails',
			closed: [1, 2],
			act: ({ get }: Connection) => get('/a'),
			expected: 'UND_ERR_SOCKET',
			requests: ['GET', 'GET'],
		},
		{
			title: 'a write › is not repeated: it may have been done',
			closed: [2],
			act: async ({ get, post }: Connection) => [await get('/a'), await post('/b', {})],
			expected: 'UND_ERR_SOCKET',
			requests: ['GET', 'POST'],
		},
	]) {
		it(title, async () => {
			const server = await startClosing(closed);
			const kubeconfig = writeKubeconfig(server.url, '');
			const connection = await connect(kubeconfig.path);
			const outcome: unknown = await act(connection).catch((error: NodeJS.ErrnoException) => error.code);
			await connection.close();
			kubeconfig.remove();
			server.stop();
			expect(outcome).to.deep.equal(expected);
			expect(server.requests).to.deep.equal(requests);
		});
	}
});
