/** Uses the same kubeconfigs for kubectl and the product. Both must reach the real API server as the same user. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Json } from '../../src/api/types.ts';
import { issueCa } from '../../src/certificates/issue.ts';
import { type Connection, connect } from '../../src/cluster/connect.ts';
import { findAssets } from '../harness/control-plane/assets.ts';
import { USERS } from '../harness/control-plane/credentials.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../harness/control-plane/start.ts';
import { startFreezableProxy } from '../harness/freezable-proxy.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const API = 'client.authentication.k8s.io/v1';
const CLIENT = 'user-of-a-client-certificate';
const { person, operator } = USERS;

type Row = readonly [title: string, kubeconfig: () => string, expected: string];

describe('kubeconfig and kubectl', function () {
	this.timeout(90_000);
	needControlPlane();
	let plane: ControlPlane;
	let proxy: Server;
	const tunnels: string[] = [];
	let folder: string;
	let client: { readonly cert: string; readonly key: string };

	before(async () => {
		const files = mkdtempSync(join(tmpdir(), 'kubeconfig-plane-'));
		// A self-signed certificate is sufficient for a user.
		client = await issueCa({ commonName: CLIENT });
		writeFileSync(join(files, 'client-ca.crt'), client.cert);
		plane = await startControlPlane({
			apiServerArgs: [`--client-ca-file=${join(files, 'client-ca.crt')}`, '--goaway-chance=0.02'],
		});
		rmSync(files, { recursive: true });
		// The proxy tunnels every CONNECT to the API server, independent of the requested host.
		proxy = createServer().on('connect', ({ url = '' }, near: Socket) => {
			tunnels.push(url);
			const { hostname, port } = new URL(plane.url);
			const far = connectTcp(Number(port), hostname, () => near.write('HTTP/1.1 200 Connection established\r\n\r\n'));
			near.pipe(far).pipe(near);
			near.on('error', () => far.destroy()).on('close', () => far.destroy());
			far.on('error', () => near.destroy()).on('close', () => near.destroy());
		});
		await once(proxy.listen(0, '127.0.0.1'), 'listening');
	});
	after(async () => {
		proxy?.close();
		await plane?.stop();
	});
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	const proxyUrl = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
	const base64 = (text: string): string => Buffer.from(text).toString('base64');
	const cluster = (more: Json = {}): Json => ({
		...{ server: plane.url, 'certificate-authority-data': base64(readFileSync(plane.caFile, 'utf8')), ...more },
	});
	const user = (name: keyof typeof USERS): Json => ({ token: plane.token(name) });
	const file = (name: string, text: string | Uint8Array, mode = 0o600): string => {
		const path = join(folder, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text, { mode });
		return path;
	};
	/** Returns a kubeconfig in YAML with one cluster, one user and one context. */
	const config = (who: Json = user('person'), where: Json = cluster()): string =>
		`clusters: [{name: k, cluster: ${JSON.stringify(where)}}]
users: [{name: u, user: ${JSON.stringify(who)}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
current-context: c
`;
	const single = (who?: Json, where?: Json): string => file('config', config(who, where));
	const list = (...paths: readonly string[]): string => paths.join(delimiter);
	/** Writes a program that logs in as the person if `condition` is true. */
	const login = (name: string, condition: string): string => {
		const credential = { apiVersion: API, kind: 'ExecCredential', status: { token: plane.token('person') } };
		return file(name, `#!/bin/sh\n${condition} || exit 9\necho '${JSON.stringify(credential)}'\n`, 0o700);
	};

	const whoami = async (connection: Connection): Promise<string> => {
		const { status, body } = await connection.post(REVIEWS, REVIEW);
		const info = (body as { status?: { userInfo?: { username?: string } } }).status?.userInfo;
		return info?.username ?? `${status}: ${JSON.stringify(body)}`;
	};
	const byProduct = async (kubeconfig: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
		try {
			const connection = await connect(undefined, { KUBECONFIG: kubeconfig, ...env });
			return await whoami(connection).finally(() => connection.close());
		} catch (error) {
			return (error as Error).message;
		}
	};
	const byKubectl = async (kubeconfig: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
		const args = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}', '--request-timeout=20s'];
		const { code, stdout, stderr } = await plane.kubectl(args, { env: { KUBECONFIG: kubeconfig, ...env } });
		return code === 0 ? stdout : `exit code ${code}: ${stderr}`;
	};

	const rows: readonly Row[] = [
		[
			'UTF-16 with a byte order mark, as PowerShell writes it',
			() => file('config', Buffer.from(`\ufeff${config()}`, 'utf16le')),
			person.name,
		],
		[
			'missing, empty and repeated files, empty elements, and other entries with the same names › the first entry is used',
			() => {
				const first = single();
				const other = file('other', config(user('operator'), cluster({ server: 'https://127.0.0.1:1' })));
				return list('', join(folder, 'missing'), file('empty', ''), first, '', first, other);
			},
			person.name,
		],
		[
			'a context in one file, its cluster and user in others; incomplete entries that no context uses',
			() => {
				const context = 'contexts: [{name: c, context: {cluster: k, user: u}}]\n';
				const withoutUser = config({})
					.replace('u, user', 'other, user')
					.replace(/contexts: .*\n/, '');
				const withUser = config(user('operator')).replace('name: c,', 'name: d,').replace('text: c', 'text: d');
				return list(
					file('1', `${context}clusters: [{name: other, cluster: {}}]\n`),
					file('2', withoutUser),
					file('3', withUser),
				);
			},
			operator.name,
		],
		[
			'relative certificate-authority and exec.command, in a list of files',
			() => {
				file('a/files/ca.crt', readFileSync(plane.caFile, 'utf8'));
				login('b/bin/login.sh', 'test -n "$KUBERNETES_EXEC_INFO"');
				const exec = { apiVersion: API, command: 'bin/login.sh', interactiveMode: 'Never' };
				const text = config({}, { server: plane.url, 'certificate-authority': 'files/ca.crt' });
				return list(
					file('a/config', text.replace(/users: .*\n/, '')),
					file('b/config', `users: [{name: u, user: ${JSON.stringify({ exec })}}]`),
				);
			},
			person.name,
		],
		[
			'a relative tokenFile, which is preferred to a token',
			() => {
				file('token', `${plane.token('person')}\n`);
				return single({ token: 'wrong', tokenFile: 'token' });
			},
			person.name,
		],
		[
			'exec with provideClusterInfo, as gcloud writes it',
			() => {
				const info = `*'"server":"${plane.url}"'*'"config":{"a":1}'*`;
				login('login.sh', `case "$KUBERNETES_EXEC_INFO" in ${info}) ;; *) false;; esac`);
				const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }];
				const program = { apiVersion: API, command: './login.sh', interactiveMode: 'Never', provideClusterInfo: true };
				return single({ exec: program }, cluster({ extensions }));
			},
			person.name,
		],
	];
	const expectBoth = async (path: string, expected: string, env: Readonly<Record<string, string>> = {}) =>
		expect([await byKubectl(path, env), await byProduct(path, env)]).to.deep.equal([expected, expected]);
	for (const [title, kubeconfig, expected] of rows) {
		it(`${title} › kubectl and the product authenticate as ${expected}`, () => expectBoth(kubeconfig(), expected));
	}
	it('proxy-url to a loopback address, or HTTPS_PROXY with tls-server-name › both use the proxy', async () => {
		await expectBoth(single(user('person'), cluster({ 'proxy-url': proxyUrl() })), person.name);
		file('client.crt', client.cert);
		file('client.key', client.key);
		const path = single(
			{ 'client-certificate': './client.crt', 'client-key': './client.key' },
			// Only the proxy can resolve this host.
			cluster({ server: 'https://api.cluster.test:6443', 'tls-server-name': 'kubernetes.default.svc' }),
		);
		await expectBoth(path, CLIENT, { HTTPS_PROXY: proxyUrl(), NO_PROXY: '10.0.0.0/8,.example.com' });
		const requested = [new URL(plane.url).host, 'api.cluster.test:6443'].flatMap((host) => [host, host]);
		expect(tunnels).to.deep.equal(requested);
	});

	const TOKEN = /"token":[^}]+/;
	const FAILING = `exec: {apiVersion: ${API}, command: ./fails.sh, interactiveMode: Never}`;
	for (const [title, field, replacement, message] of [
		['a user without credentials', TOKEN, '', /^user "u" of \S+config has no credentials: add a token, tokenFile/],
		['a context without a user', ', user: u', '', /^context "c" of \S+config names no user: add/],
		['an unknown user', 'user: u}', 'user: v}', /^context "c" of \S+config names user "v", which is not in users: add/],
		['an unknown cluster', 'cluster: k', 'cluster: m', /^context "c" of \S+config names cluster "m", which is not in/],
		['an unknown current-context', 'text: c\n', 'text: d\n', /^no context "d" in \S+config; contexts: "c"$/],
		['a repeated name', TOKEN, '}}, {name: u, user: {', /config: users has "u" twice: remove one$/],
		['a missing tokenFile', TOKEN, 'tokenFile: gone', /^credentials of user "u" in \S+ cannot be used: ENOENT.*gone/],
		['a failing program', TOKEN, FAILING, /"u" in \S+ cannot be used: log in first; see the manual$/],
	] as const) {
		it(`${title} › the error names it`, async () => {
			file('fails.sh', '#!/bin/sh\nprintf "log in first\\nsee the manual\\n" >&2\nexit 1\n', 0o700);
			expect(await byProduct(file('config', config().replace(field, replacement)))).to.match(message);
		});
	}
	it('only missing files › the error names them', async () => {
		const path = list(join(folder, 'missing'), join(folder, 'other'));
		expect(await byProduct(path)).to.match(/^file not found \(ENOENT\): \S+missing, \S+other; correct --kubeconfig or/);
	});

	it('kubectl proxy › server is http, with a path › the user is that of the proxy, and no token is sent', async () => {
		const assets = await findAssets({ env: process.env, controllerManager: false, say: () => undefined });
		const args = ['proxy', '--port=0', '--api-prefix=/k8s/c-1/', `--kubeconfig=${plane.kubeconfig('person')}`];
		const running = spawn(join(assets.folder, 'kubectl'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
		try {
			const [line] = await once(running.stdout, 'data');
			const server = `http://${/127\.0\.0\.1:\d+/.exec(String(line))?.[0]}/k8s/c-1/`;
			for (const who of [{}, user('operator')]) await expectBoth(single(who, { server }), person.name);
		} finally {
			running.kill();
			await once(running, 'exit');
		}
	});

	it('impersonation › the product sends user, groups, uid and extra values, as kubectl does', async () => {
		const extra = { 'example.com/a': ['b', 'c'] };
		const path = single({
			...user('admin'),
			as: 'jane',
			'as-uid': '7',
			'as-groups': ['one', 'two'],
			'as-user-extra': extra,
		});
		const connection = await connect(path);
		const { body } = await connection.post(REVIEWS, REVIEW);
		await connection.close();
		const { stdout } = await plane.kubectl(['auth', 'whoami', '-o', 'json'], { env: { KUBECONFIG: path } });
		const info = (body as { status: { userInfo: Json } }).status.userInfo;
		expect(info).to.deep.equal(JSON.parse(stdout).status.userInfo);
		expect(info).to.deep.include({ username: 'jane', uid: '7', extra });
		expect(info['groups']).to.include.members(['one', 'two']);
	});

	it('API server with --goaway-chance › many calls, in sequence and in parallel › none fails', async () => {
		const counted = await startFreezableProxy(plane.url);
		const connection = await connect(single(user('person'), cluster({ server: counted.url })));
		const failures: string[] = [];
		const call = (index: number): Promise<unknown> =>
			(index % 2 === 0 ? connection.get('/api/v1/namespaces') : connection.post(REVIEWS, REVIEW)).catch(
				(error: Error) => failures.push(`${error.name}: ${error.message}`),
			);
		// Each GOAWAY closes a connection, so several connections prove that GOAWAYs arrive. Only HTTP/2 has GOAWAY.
		for (let index = 0; counted.connections() <= 5 && index < 5_000; index += 1) await call(index);
		expect(counted.connections()).to.be.above(5);
		for (let batch = 0; batch < 20; batch += 1)
			await Promise.all(Array.from({ length: 20 }, (_, index) => call(index)));
		await connection.close();
		await counted.stop();
		expect(failures).to.deep.equal([]);
	});
});
