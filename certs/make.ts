/**
 * node certs/make.ts: makes an authority and a serving certificate, and an overlay of manifests/ that installs with them.
 * HELP below says the rest. Exit codes: 0 made, 1 could not make, 2 wrong arguments.
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

Makes, in DIR:
  ca.crt, ca.key       the authority (P-256, ${CA_DAYS / 365} years); one that is there is used again
  tls.crt, tls.key     the serving certificate, always new
  secret.yaml          all of that but ca.key, for Kubernetes
  kustomization.yaml   installs everything with them; one that is there is left alone

  --out DIR     where to (default: certs/local, which git ignores)
  --host NAME   one more DNS name or IP address for the certificate; may be repeated. Always in it:
                ${DEFAULT_HOSTS.join('\n                ')}
  --days N      how long the serving certificate lasts (default ${SERVING_DAYS})
  --base DIR    the kustomize folder to install (default: manifests); writes kustomization.yaml anew
  --new-ca      make a new authority. The former one stays trusted beside it, so nothing is refused meanwhile;
                doing it once more drops that one
`;

/** Shorter than an authority made a second earlier. */
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
	readonly newAuthority: boolean;
}

const ROOT = dirname(import.meta.dirname);

function readOptions(args: readonly string[]): Options | 'help' {
	let values: ReturnType<typeof parse>;
	try {
		values = parse(args);
	} catch (error) {
		// Node explains at length; the first sentence names the argument.
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
	return { out: values.out, hosts, days, base: values.base, newAuthority: values['new-ca'] };
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

/** Who signs, and the text of ca.crt: its certificate first, and after a change of authority the former one. */
async function authorityFor({
	out,
	newAuthority,
}: Options): Promise<KeyPair & { readonly trusted: string; readonly isNew: boolean }> {
	const [certFile, keyFile] = [join(out, 'ca.crt'), join(out, 'ca.key')];
	const found = existsSync(certFile) && existsSync(keyFile);
	const former = found ? await readFile(certFile, 'utf8') : '';
	const [current] = former.match(CERTIFICATE) ?? [];
	if (current !== undefined && !newAuthority) {
		return { cert: current, key: await readFile(keyFile, 'utf8'), trusted: former, isNew: false };
	}
	const made = await issueCa();
	return { ...made, trusted: current === undefined ? made.cert : `${made.cert}${current}\n`, isNew: true };
}

async function make(options: Options): Promise<string> {
	const { out, base } = options;
	const authority = await authorityFor(options);
	const serving = await issueServing(authority, options);
	await mkdir(out, { recursive: true });
	// Keys never get into a repository, wherever --out points.
	await writeAtomically(join(out, '.gitignore'), '*\n', MODE_PUBLIC);
	if (authority.isNew) {
		await writeAtomically(join(out, 'ca.key'), authority.key, MODE_SECRET);
		await writeAtomically(join(out, 'ca.crt'), authority.trusted, MODE_PUBLIC);
	}
	// A server that reads between these two finds a pair that does not match, keeps its old one and looks again.
	await writeAtomically(join(out, 'tls.key'), serving.key, MODE_SECRET);
	await writeAtomically(join(out, 'tls.crt'), serving.cert, MODE_PUBLIC);
	const secret = secretOf({ 'ca.crt': authority.trusted, 'tls.crt': serving.cert, 'tls.key': serving.key });
	await writeAtomically(join(out, 'secret.yaml'), secret, MODE_SECRET);
	const overlay = join(out, 'kustomization.yaml');
	if (base !== undefined || !existsSync(overlay)) {
		const text = overlayOf(out, base ?? join(ROOT, 'manifests'), join(ROOT, 'manifests/components/provided-secret'));
		await writeAtomically(overlay, text, MODE_PUBLIC);
	}
	return report(options, authority, serving);
}

function report({ out, hosts }: Options, authority: { cert: string; isNew: boolean }, serving: KeyPair): string {
	const folder = relative(process.cwd(), out) || '.';
	const dayOf = (pem: string): string => new X509Certificate(pem).validToDate.toISOString().slice(0, 10);
	return `Authority:            ${join(folder, 'ca.crt')}, ${authority.isNew ? 'new' : 'used again'}, until ${dayOf(authority.cert)}
Serving certificate:  ${join(folder, 'tls.crt')}, new, until ${dayOf(serving.cert)}
                      ${hosts.join('\n                      ')}

Install everything, or bring the new certificate to where it is installed:
  kubectl apply -k ${folder}

Or, where something else applies manifests/overlays/provided-secret: the Secret, and the caBundle of both webhook registrations
  kubectl create secret tls toolhive-scaling-tls --namespace toolhive-scaling --cert=${join(folder, 'tls.crt')} --key=${join(folder, 'tls.key')}
  base64 < ${join(folder, 'ca.crt')} | tr -d '\\n'

Or run the webhook on this machine:
  node_modules/.bin/node src/main.ts serve --tls-dir=${folder}
`;
}

try {
	const options = readOptions(process.argv.slice(2));
	process.stdout.write(options === 'help' ? HELP : await make(options));
} catch (error) {
	const hint = error instanceof IssueError ? '; --new-ca makes a new authority' : '';
	process.stderr.write(
		`certs/make.ts: ${(error as Error).message}${hint}${error instanceof UsageError ? ' (--help tells more)' : ''}\n`,
	);
	process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}
