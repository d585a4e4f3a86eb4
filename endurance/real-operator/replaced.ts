/**
 * Replaces modules that operators since v0.55 require and that some module proxies do not serve. The operator links
 * these packages but does not call them: the proxies use them (Redis, token exchange, JSON-RPC), or they need a Sentry
 * DSN.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Go = (...args: string[]) => Promise<string>;

const OTHER_VERSIONS: Readonly<Record<string, string>> = {
	'github.com/getsentry/sentry-go/otel/otlp': 'v0.49.0',
	'github.com/jwx-go/jwkfetch/v4': 'v4.0.3',
	'golang.org/x/exp/event': 'v0.0.0-20260611194520-c48552f49976',
	'golang.org/x/exp/jsonrpc2': 'v0.0.0-20260709172345-9ea1abe57597',
};

/** Up to this version, the module `redisconn` was the package `redis` in its parent module. */
const REDIS = { module: 'github.com/stacklok/toolhive-core', version: 'v0.0.43' };
const REDISCONN = `${REDIS.module}/redisconn`;

/** Changes the go.mod in `folder`. Resolves with the replaced modules, such as `golang.org/x/exp/event by v0.0.0-…`. */
export async function replaceModules(folder: string, go: Go): Promise<readonly string[]> {
	const { Dir } = JSON.parse(await go('mod', 'download', '-json', `${REDIS.module}@${REDIS.version}`)) as {
		Dir: string;
	};
	await mkdir(join(folder, 'redisconn'));
	await writeFile(join(folder, 'redisconn/go.mod'), `module ${REDISCONN}\n\ngo 1.26\n`);
	for (const name of await readdir(join(Dir, 'redis'))) {
		if (!name.endsWith('.go') || name.endsWith('_test.go')) continue;
		const text = await readFile(join(Dir, 'redis', name), 'utf8');
		await writeFile(join(folder, 'redisconn', name), text.replace(/^package redis$/m, 'package redisconn'));
	}
	const versions = Object.entries(OTHER_VERSIONS);
	const edits = versions.map(([module, version]) => `-replace=${module}=${module}@${version}`);
	await go('mod', 'edit', ...edits, `-replace=${REDISCONN}=./redisconn`);
	return [
		...versions.map(([module, version]) => `${module} by ${version}`),
		`${REDISCONN} by ${REDIS.module}/redis ${REDIS.version}`,
	];
}
