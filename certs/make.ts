/**
 * node certs/make.ts: creates a CA, a serving certificate, and an overlay that installs manifests/ with them.
 * Exit codes: 0 created, 1 failed, 2 wrong arguments.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { CA_DAYS, DEFAULT_HOSTS, IssueError, issueCa, issueServing, type KeyPair, SERVING_DAYS } from './issue.ts';
import { overlayOf, secretOf } from './overlay.ts';
import { writeAtomically } from './write-atomically.ts';

const HELP = `Usage: node certs/make.ts [--out DIR] [--host NAME]... [--days N] [--base DIR] [--new-ca]

Creates these files in DIR:
  ca.crt, ca.key       the CA (P-256, valid for ${CA_DAYS / 365} years); an existing CA is reused
  tls.crt, tls.key     the serving certificate, always new
  secret.yaml          a Secret with all of these files except ca.key
  kustomization.yaml   an overlay that installs everything with the Secret; an existing file is kept

  --out DIR     the output folder (default: certs/local, which git ignores)
  --host NAME   another DNS name or IP address for the certificate; repeatable. Always included:
                ${DEFAULT_HOSTS.join('\n                ')}
  --days N      how long the serving certificate is valid, in days (default ${SERVING_DAYS})
  --base DIR    the kustomize folder to install (default: manifests); overwrites kustomization.yaml
  --new-ca      create a new CA. The previous CA stays trusted until the next --new-ca, so that no call fails
`;

/** A serving certificate must expire before its CA. */
const LONGEST_DAYS = CA_DAYS - 1;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const MODE_PUBLIC = 0o644;
const MODE_SECRET = 0o600;

class UsageError extends Error {}

interface Options {
	readonly out: string;
	readonly hosts: readonly string[];
	readonly days: number;
	readonly base: string | undefined;
	readonly newCa: boolean;
}

const ROOT = dirname(import.meta.dirname);

function readOptions(args: readonly string[]): Options | 'help' {
	let values: ReturnType<typeof parse>;
	try {
		values = parse(args);
	} catch (error) {
		// The first sentence of Node's long message names the argument.
		throw new UsageError(String((error as Error).message).split('. ')[0]);
	}
	if (values.help) return 'help';
	const days = Number(values.days);
	if (!/^\d+$/.test(values.days) || days < 1 || days > LONGEST_DAYS) {
		throw new UsageError(`--days must be a whole number from 1 to ${LONGEST_DAYS}, not '${values.days}'`);
	}
	const wrongHost = values.host.find((host) => isIP(host) === 0 && !isDnsName(host));
	if (wrongHost !== undefined) throw new UsageError(`--host must be a DNS name or an IP address, not '${wrongHost}'`);
	if (values.out === '') throw new UsageError('--out must name a folder');
	if (values.base !== undefined && !existsSync(join(values.base, 'kustomization.yaml'))) {
		throw new UsageError(`--base must be a folder with a kustomization.yaml, not '${values.base}'`);
	}
	const hosts = [...new Set([...DEFAULT_HOSTS, ...values.host])];
	return { out: values.out, hosts, days, base: values.base, newCa: values['new-ca'] };
}

const parse = (args: readonly string[]) =>
	parseArgs({
		args: [...args],
		options: {
			out: { type: 'string', default: join(import.meta.dirname, 'local') },
			host: { type: 'string', multiple: true, default: [] },
			days: { type: 'string', default: String(SERVING_DAYS) },
			base: { type: 'string' },
			'new-ca': { type: 'boolean', default: false },
			help: { type: 'boolean', short: 'h', default: false },
		},
	}).values;

const isDnsName = (name: string): boolean =>
	name.length <= 253 &&
	/^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(name);

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Returns the CA and the text of ca.crt: the CA certificate, followed by the previous CA certificate if there is one.
 */
async function loadOrIssueCa({
	out,
	newCa,
}: Options): Promise<KeyPair & { readonly trusted: string; readonly isNew: boolean }> {
	const [certFile, keyFile] = [join(out, 'ca.crt'), join(out, 'ca.key')];
	const found = existsSync(certFile) && existsSync(keyFile);
	const trusted = found ? await readFile(certFile, 'utf8') : '';
	const [current] = trusted.match(CERTIFICATE) ?? [];
	if (current !== undefined && !newCa) {
		return { cert: current, key: await readFile(keyFile, 'utf8'), trusted, isNew: false };
	}
	const issued = await issueCa();
	return { ...issued, trusted: current === undefined ? issued.cert : `${issued.cert}${current}\n`, isNew: true };
}

async function make(options: Options): Promise<string> {
	const { out, base } = options;
	const ca = await loadOrIssueCa(options);
	const serving = await issueServing(ca, options);
	await mkdir(out, { recursive: true });
	// Keeps the keys out of git, even if --out is another folder.
	await writeAtomically(join(out, '.gitignore'), '*\n', MODE_PUBLIC);
	if (ca.isNew) {
		await writeAtomically(join(out, 'ca.key'), ca.key, MODE_SECRET);
		await writeAtomically(join(out, 'ca.crt'), ca.trusted, MODE_PUBLIC);
	}
	// A server that reads the files between these two writes finds a certificate and key that do not match. It keeps the
	// old pair and retries.
	await writeAtomically(join(out, 'tls.key'), serving.key, MODE_SECRET);
	await writeAtomically(join(out, 'tls.crt'), serving.cert, MODE_PUBLIC);
	const secret = secretOf({ 'ca.crt': ca.trusted, 'tls.crt': serving.cert, 'tls.key': serving.key });
	await writeAtomically(join(out, 'secret.yaml'), secret, MODE_SECRET);
	const overlay = join(out, 'kustomization.yaml');
	if (base !== undefined || !existsSync(overlay)) {
		const text = overlayOf(out, base ?? join(ROOT, 'manifests'), join(ROOT, 'manifests/components/provided-secret'));
		await writeAtomically(overlay, text, MODE_PUBLIC);
	}
	return report(options, ca, serving);
}

function report({ out, hosts }: Options, ca: { cert: string; isNew: boolean }, serving: KeyPair): string {
	const folder = relative(process.cwd(), out) || '.';
	const dayOf = (pem: string): string => new X509Certificate(pem).validToDate.toISOString().slice(0, 10);
	return `CA:                   ${join(folder, 'ca.crt')}, ${ca.isNew ? 'new' : 'reused'}, valid until ${dayOf(ca.cert)}
Serving certificate:  ${join(folder, 'tls.crt')}, new, valid until ${dayOf(serving.cert)}
                      ${hosts.join('\n                      ')}

To install everything, or to update the certificate of an installation:
  kubectl apply -k ${folder}

If you apply manifests/overlays/provided-secret in another way, create the Secret and set the caBundle of both webhook
configurations to the output of the second command:
  kubectl create secret tls toolhive-scaling-tls --namespace toolhive-scaling --cert=${join(folder, 'tls.crt')} --key=${join(folder, 'tls.key')}
  base64 < ${join(folder, 'ca.crt')} | tr -d '\\n'

To run the webhook on this machine:
  node_modules/.bin/node src/main.ts serve --tls-dir=${folder}
`;
}

try {
	const options = readOptions(process.argv.slice(2));
	process.stdout.write(options === 'help' ? HELP : await make(options));
} catch (error) {
	const hint = error instanceof IssueError ? '; create a new CA with --new-ca' : '';
	process.stderr.write(
		`certs/make.ts: ${(error as Error).message}${hint}${error instanceof UsageError ? '; see --help' : ''}\n`,
	);
	process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}
