/** Reads kubeconfigs without an API server. test/e2e/kubeconfig.test.ts compares the product with kubectl. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { fromKubeconfig } from '../../../src/cluster/kubeconfig.ts';
import { later } from '../../harness/later.ts';

const API = 'client.authentication.k8s.io/v1';
const URL = 'https://127.0.0.1:1';

/** Returns a kubeconfig with one cluster, one user and one context. */
const configOf = (user: object, cluster: object = {}): string =>
	`clusters: [{name: k, cluster: ${JSON.stringify({ server: URL, ...cluster })}}]
users: [{name: u, user: ${JSON.stringify(user)}}]
contexts: [{name: c, context: {cluster: k, user: u, namespace: n}}]
current-context: c
`;

describe('kubeconfig', () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
	});
	afterEach(() => rmSync(folder, { recursive: true }));
	const write = (name: string, text: string): string => {
		const path = join(folder, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text);
		return path;
	};

	it('KUBECONFIG with missing, empty and repeated files › the first entry of each name', async () => {
		const files = [join(folder, 'missing'), '', write('empty', ''), write('a', configOf({ token: 'first' }))];
		const KUBECONFIG = [...files, write('b', configOf({ token: 'second' }, { server: 'https://other' }))].join(
			delimiter,
		);
		const { url, namespace, headers } = await fromKubeconfig(undefined, undefined, { KUBECONFIG });
		expect([url, namespace, await headers()]).to.deep.equal([URL, 'n', { Authorization: 'Bearer first' }]);
	});

	it('no KUBECONFIG › ~/.kube/config', async () => {
		const env = { HOME: folder };
		const error: unknown = await fromKubeconfig(undefined, undefined, env).catch(({ message }: Error) => message);
		expect(error).to.match(/^KUBECONFIG is not set and there is no file \S+config; name one with --kubeconfig$/);
		write('.kube/config', configOf({ token: 'at-home' }));
		const { headers } = await fromKubeconfig(undefined, undefined, env);
		expect(await headers()).to.deep.equal({ Authorization: 'Bearer at-home' });
	});

	it('a relative tokenFile and a token › the file, and its new content after 10 s', async () => {
		write('token', 'first\n');
		const { headers } = await fromKubeconfig(write('a', configOf({ token: 'x', tokenFile: 'token' })), undefined, {});
		write('token', 'second\n');
		expect(await later(9_000, headers)).to.deep.equal({ Authorization: 'Bearer first' });
		expect(await later(11_000, headers)).to.deep.equal({ Authorization: 'Bearer second' });
	});

	it('impersonation › a header for each field; none over http, as the token', async () => {
		const as = {
			as: 'jane',
			'as-uid': '7',
			'as-groups': ['one', 'two'],
			'as-user-extra': { 'a/b': ['c', 'd'], e: 'f' },
		};
		const headersAt = async (server: string) =>
			(await fromKubeconfig(write('a', configOf({ token: 'x', ...as }, { server })), undefined, {})).headers();
		expect(await headersAt(URL)).to.deep.equal({
			Authorization: 'Bearer x',
			...{ 'Impersonate-User': 'jane', 'impersonate-uid': '7', 'impersonate-group': ['one', 'two'] },
			...{ 'impersonate-extra-a%2Fb': ['c', 'd'], 'impersonate-extra-e': ['f'] },
		});
		expect(await headersAt('http://127.0.0.1:1')).to.deep.equal({});
	});

	it('an exec plugin › receives KUBERNETES_EXEC_INFO, with the cluster only if it requires that', async () => {
		const status = `{"token": "'$(printf %s "$KUBERNETES_EXEC_INFO" | base64 | tr -d '\\n')'"}`;
		const script = `echo '{"apiVersion": "${API}", "kind": "ExecCredential", "status": ${status}}'\n`;
		write('bin/login', script);
		const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }];
		const specOf = async (more: object) => {
			const exec = { apiVersion: API, command: 'sh', args: [join(folder, 'bin/login')], ...more };
			const { headers } = await fromKubeconfig(write('a', configOf({ exec }, { extensions })), undefined, {});
			const token = String((await headers())['Authorization']).replace('Bearer ', '');
			return JSON.parse(Buffer.from(token, 'base64').toString());
		};
		const info = { apiVersion: API, kind: 'ExecCredential' };
		expect(await specOf({})).to.deep.equal({ ...info, spec: { interactive: false } });
		const cluster = { server: URL, config: { a: 1 } };
		expect(await specOf({ provideClusterInfo: true })).to.deep.equal({
			...info,
			spec: { interactive: false, cluster },
		});
	});

	const FAILING = `exec: {apiVersion: ${API}, command: sh, args: [-c, "printf 'log in\\n first\\n' >&2; exit 1"]}`;
	for (const [field, replacement, message] of [
		[/^/, '{', /^\S+config is not YAML: /],
		[/^.*$/s, 'just text', /^\S+config is not a kubeconfig: want an object with/],
		[/current-context: c/, '', /^no current-context in \S+config: kubectl config get-contexts/],
		[/cluster: k, /, '', /^context "c" of \S+config names no cluster: set it/],
		[/user: u/, 'user: v', /^context "c" of \S+config names user "v", which is not in users/],
		[/, user: u/, '', /^context "c" of \S+config names no user: add a token, tokenFile/],
		[/"token":"x"/, '', /^user "u" of \S+config has no credentials: add a token, tokenFile/],
		[/\}\}\]\nc/, '}}, {name: u}]\nc', /config: users has "u" twice: remove one$/],
		[/users: .*\n/, 'users: u\n', /config: users is not a list$/],
		[/name: u/, 'id: u', /config: users\[0\] is not an object with name and user$/],
		[/https:../, '', /^cluster "k" of \S+config has server "127.0.0.1:1"; want https:\/\/HOST:PORT$/],
		[/"token":"x"/, 'tokenFile: gone', /^credentials of user "u" in \S+ cannot be used: ENOENT.*gone/],
		[/"token":"x"/, FAILING, /"u" in \S+ cannot be used: log in; first$/],
	] as const) {
		it(`${JSON.stringify(replacement)} in place of ${field} › an error of one line that names it`, async () => {
			const path = write('config', configOf({ token: 'x' }).replace(field, replacement));
			const error: unknown = await fromKubeconfig(path, undefined, {}).catch(({ message: text }: Error) => text);
			expect(error).to.match(message).and.not.include('\n');
		});
	}
});
