/** The same kubeconfigs for kubectl and for the product: both must reach the real API server as the same user. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { stringify } from 'yaml';
import type { Json } from '../../src/api/types.ts';
import { issueCa } from '../../src/certificates/issue.ts';
import { type Connection, connect } from '../../src/cluster/connect.ts';
import { findAssets } from '../harness/control-plane/assets.ts';
import { USERS } from '../harness/control-plane/credentials.ts';
import { needControlPlane } from '../harness/control-plane/mocha.ts';
import { type ControlPlane, startControlPlane } from '../harness/control-plane/start.ts';
import { startFreezableProxy } from '../harness/freezable-proxy.ts';
import { later } from '../harness/later.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const API = 'client.authentication.k8s.io/v1';
const CLIENT = 'user-of-a-client-certificate';
/** Only the proxy finds it. */
const TUNNELLED = 'https://api.cluster.test:6443';
const { person, operator, webhook } = USERS;

interface Config {
	readonly clusters?: Readonly<Record<string, unknown>>;
	readonly users?: Readonly<Record<string, unknown>>;
	/** To cluster and user; the namespace is the name of the context. */
	readonly contexts?: Readonly<Record<string, readonly [cluster: string, user?: string]>>;
	readonly current?: string;
}
/** `tunnel`: the `HOST:PORT` that the proxy is to be asked for; the API server's own where it is ''. */
type Row = readonly [
	title: string,
	kubeconfig: () => string,
	expected: string,
	more?: { readonly env?: () => Readonly<Record<string, string>>; readonly tunnel: string },
];

describe('kubeconfig and kubectl', function () {
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

	const cluster = (more: Json = {}): Json => {
		const authority = readFileSync(plane.caFile).toString('base64');
		return { server: plane.url, 'certificate-authority-data': authority, ...more };
	};
	const user = (name: keyof typeof USERS): Json => ({ token: plane.token(name) });
	const beside = (name: string, text: string | Uint8Array, mode = 0o600): string => {
		const path = join(folder, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text, { mode });
		return path;
	};
	const write = (name: string, { clusters = {}, users = {}, contexts = {}, current }: Config): string => {
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
		return beside(name, name.endsWith('.json') ? JSON.stringify(config) : stringify(config));
	};
	/** One file with one context. */
	const single = (who: Json | undefined, where: Json = cluster(), name = 'config'): string =>
		write(name, {
			clusters: { k: where },
			users: who === undefined ? {} : { u: who },
			contexts: { c: who === undefined ? ['k'] : ['k', 'u'] },
			current: 'c',
		});
	const list = (...paths: readonly string[]): string => paths.join(delimiter);
	const missing = (): string => join(folder, 'missing');
	const exec = (command: string, more: Json = {}): Json => ({
		exec: { apiVersion: API, command, interactiveMode: 'Never', ...more },
	});
	/** A program that logs in as the person where `condition` holds. */
	const login = (name: string, condition = 'test -n "$KUBERNETES_EXEC_INFO"'): string => {
		const credential = { apiVersion: API, kind: 'ExecCredential', status: { token: plane.token('person') } };
		return beside(name, `#!/bin/sh\n${condition} || exit 9\necho '${JSON.stringify(credential)}'\n`, 0o700);
	};

	const whoami = async (connection: Connection): Promise<string> => {
		const { status, body } = await connection.post(REVIEWS, REVIEW);
		const info = (body as { status?: { userInfo?: { username?: string } } }).status?.userInfo;
		return info?.username ?? `${status}: ${JSON.stringify(body)}`;
	};
	const ours = async (kubeconfig: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
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

	const utf16 = (isBig: boolean): string => {
		const bytes = Buffer.from(`\ufeff${readFileSync(single(user('person')), 'utf8')}`, 'utf16le');
		return beside('config', isBig ? bytes.swap16() : bytes);
	};
	const threeFiles = (): string =>
		list(
			write('1', { contexts: { c: ['k', 'u'] } }),
			write('2', { clusters: { k: cluster() }, users: { v: user('webhook') }, current: 'c' }),
			write('3', { users: { u: user('operator') }, contexts: { d: ['k', 'v'] }, current: 'd' }),
		);
	const unusedEntries = (): string =>
		write('config', {
			clusters: { other: {}, k: cluster() },
			users: { other: {}, u: user('person') },
			contexts: { other: ['nowhere', 'nobody'], c: ['k', 'u'] },
			current: 'c',
		});
	const relativeFiles = (): string => {
		beside('a/files/ca.crt', readFileSync(plane.caFile, 'utf8'));
		beside('b/token', `${plane.token('operator')}\n`);
		const where = { server: plane.url, 'certificate-authority': 'files/ca.crt' };
		const config = { clusters: { k: where }, contexts: { c: ['k', 'u'] }, current: 'c' } as const;
		return list(write('a/config', config), write('b/config', { users: { u: { tokenFile: 'token' } } }));
	};
	const relativeClient = (): string => {
		beside('a/client.crt', client.cert);
		beside('a/client.key', client.key);
		const who = { 'client-certificate': './client.crt', 'client-key': '../a/client.key' };
		return single(who, cluster(), 'a/config');
	};
	const relativeProgram = (): string => {
		login('b/bin/login.sh');
		const config = { clusters: { k: cluster() }, contexts: { c: ['k', 'u'] }, current: 'c' } as const;
		return list(write('a/config', config), write('b/config', { users: { u: exec('bin/login.sh') } }));
	};
	const clusterInfo = (): string => {
		login(
			'login.sh',
			`case "$KUBERNETES_EXEC_INFO" in *'"server":"${plane.url}"'*'"config":{"a":1}'*) ;; *) false;; esac`,
		);
		const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }];
		return single(exec('./login.sh', { provideClusterInfo: true }), cluster({ extensions }));
	};
	const base64 = (text: string): string => Buffer.from(text).toString('base64');
	const tunnelled = (): string =>
		single(
			{ 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) },
			cluster({ server: TUNNELLED, 'tls-server-name': 'kubernetes.default.svc' }),
		);
	const impersonated = (): string =>
		single({
			...user('admin'),
			...{ as: 'jane', 'as-uid': '7', 'as-groups': ['one', 'two'], 'as-user-extra': { 'example.com/a': ['b', 'c'] } },
		});
	const rows: readonly Row[] = [
		['UTF-16LE with a byte order mark, as PowerShell writes it', () => utf16(false), person.name],
		['UTF-16BE with a byte order mark', () => utf16(true), person.name],
		['JSON', () => single(user('person'), cluster(), 'config.json'), person.name],
		[
			'missing and empty files, and empty elements, beside it',
			() => list('', missing(), beside('empty', ''), single(user('person')), '', missing(), ''),
			person.name,
		],
		[
			'the same file twice, and a copy of it',
			() => list(single(user('person')), join(folder, 'config'), single(user('person'), cluster(), 'copy')),
			person.name,
		],
		[
			'entries of the same names in two files › the first counts',
			() =>
				list(
					single(user('person'), cluster(), 'first'),
					single(user('operator'), cluster({ server: 'https://127.0.0.1:1' }), 'second'),
				),
			person.name,
		],
		['a context in one file, its cluster and user in others', threeFiles, operator.name],
		['an entry that is not used and not complete', unusedEntries, person.name],
		['relative certificate-authority and tokenFile, of a file in a list', relativeFiles, operator.name],
		['relative client-certificate and client-key', relativeClient, CLIENT],
		[
			'tokenFile beside token › the file counts',
			() => single({ token: 'of-nobody', tokenFile: beside('token', plane.token('webhook')) }),
			webhook.name,
		],
		['relative exec.command without a dot, of a file in a list', relativeProgram, person.name],
		['exec with provideClusterInfo, as gcloud writes it', clusterInfo, person.name],
		['impersonation', impersonated, 'jane'],
		[
			'proxy-url, even to a loopback address',
			() => single(user('person'), cluster({ 'proxy-url': proxy.url })),
			person.name,
			{ tunnel: '' },
		],
		...(['HTTPS_PROXY', 'https_proxy'] as const).map((name): Row => {
			const env = () => ({ [name]: proxy.url, NO_PROXY: '10.0.0.0/8,.example.com' });
			return [`${name} and tls-server-name`, tunnelled, CLIENT, { env, tunnel: 'api.cluster.test:6443' }];
		}),
	];
	for (const [title, kubeconfig, expected, { env = () => ({}), tunnel } = {}] of rows) {
		it(`${title} › kubectl and the product are ${expected}`, async () => {
			const path = kubeconfig();
			expect(await kubectls(path, env()), 'kubectl').to.equal(expected);
			const tunnels = tunnel === undefined ? [] : [tunnel || new URL(plane.url).host];
			expect([...new Set(proxy.asked)], 'kubectl, through the proxy').to.deep.equal(tunnels);
			proxy.asked.length = 0;
			expect(await ours(path, env())).to.equal(expected);
			expect([...new Set(proxy.asked)], 'through the proxy').to.deep.equal(tunnels);
		});
	}
	it('HTTPS_PROXY and a loopback address › no proxy is used', async () => {
		expect(await ours(single(user('person')), { HTTPS_PROXY: proxy.url })).to.equal(person.name);
		expect(proxy.asked).to.deep.equal([]);
	});

	const failing = (): string => {
		beside('fails.sh', '#!/bin/sh\nprintf "log in first\\nsee the manual\\n" >&2\nexit 1\n', 0o700);
		return single(exec('./fails.sh'));
	};
	const pointing = (contexts: Config['contexts'], current = 'c'): string =>
		write('config', { clusters: { k: cluster() }, users: { u: user('person') }, contexts: contexts ?? {}, current });
	for (const [title, kubeconfig, message] of [
		['one missing file', missing, /^file not found \(ENOENT\): \S+missing; correct --kubeconfig or KUBECONFIG$/],
		[
			'only missing files',
			() => list(missing(), `${missing()}-too`),
			/^file not found \(ENOENT\): \S+missing, \S+missing-too; correct/,
		],
		[
			'a user without credentials',
			() => single({}),
			/^user "u" of \S+config has no credentials: add a token, tokenFile, client-certificate or exec/,
		],
		['a context without a user', () => single(undefined), /^context "c" of \S+config names no user: add/],
		[
			'a user that does not exist',
			() => pointing({ c: ['k', 'nobody'] }),
			/^context "c" of \S+config names user "nobody", which is not in users: add it, or correct the name$/,
		],
		[
			'a cluster that does not exist',
			() => pointing({ c: ['nowhere', 'u'] }),
			/^context "c" of \S+config names cluster "nowhere", which is not in clusters/,
		],
		[
			'a current-context that does not exist',
			() => pointing({ c: ['k', 'u'] }, 'd'),
			/^no context "d" in \S+config; contexts: "c"$/,
		],
		[
			'a name that is twice in one file',
			() => beside('config', 'users: [{name: u, user: {}}, {name: u, user: {}}]\ncurrent-context: c\n'),
			/config: users has "u" twice: remove one$/,
		],
		[
			'a tokenFile that does not exist',
			() => single({ tokenFile: 'gone' }),
			/^credentials of user "u" in \S+config cannot be used: ENOENT.*gone/,
		],
		[
			'a program that fails with several lines',
			failing,
			/^credentials of user "u" in \S+config cannot be used: log in first; see the manual$/,
		],
	] as const) {
		it(`${title} › the error names it, and kubectl fails too`, async () => {
			const path = kubeconfig();
			expect(await ours(path)).to.match(message);
			expect(await kubectls(path, { KUBERNETES_MASTER: '' })).to.match(/^exit code /);
		});
	}

	it('kubectl proxy › server is http, with a path › works, and the token of the user is not sent', async () => {
		const assets = await findAssets({ env: process.env, controllerManager: false, say: () => undefined });
		const args = ['proxy', '--port=0', '--api-prefix=/k8s/c-1/', `--kubeconfig=${plane.kubeconfig('person')}`];
		const running = spawn(join(assets.folder, 'kubectl'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
		try {
			const [line] = await once(running.stdout, 'data');
			const server = `http://${/127\.0\.0\.1:\d+/.exec(String(line))?.[0]}/k8s/c-1/`;
			for (const who of [undefined, {}, user('operator')]) {
				const path = single(who, { server });
				expect(await kubectls(path), 'kubectl').to.equal(person.name);
				expect(await ours(path)).to.equal(person.name);
			}
		} finally {
			running.kill();
			await once(running, 'exit');
		}
	});

	it('impersonation › groups, uid and extra values are sent, as by kubectl', async () => {
		const path = impersonated();
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
		// Each GOAWAY ends a connection; without any it would be one. Only HTTP/2 has it.
		for (let index = 0; counted.connections() <= 5 && index < 5_000; index += 1) await call(index);
		expect(counted.connections()).to.be.above(5);
		for (let batch = 0; batch < 20; batch += 1)
			await Promise.all(Array.from({ length: 20 }, (_, index) => call(index)));
		await connection.close();
		await counted.stop();
		expect(failures).to.deep.equal([]);
	});
});
