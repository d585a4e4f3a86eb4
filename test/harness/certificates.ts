/** Builds the data of certificate Secrets at a fixed time. */
import { generateKeyPairSync } from 'node:crypto';
import { type CaOptions, issueCa, issueServing, type ServingOptions } from '../../src/certificates/issue.ts';
import { DAY_MS } from '../../src/certificates/lifetimes.ts';
import type { KeyPair, SecretData } from '../../src/certificates/secret-data.ts';

export const NOW_MS = Date.parse('2030-01-01T00:00:00Z');
export const HOSTS = ['toolhive-scaling.toolhive-scaling.svc', 'toolhive-scaling.toolhive-scaling.svc.cluster.local'];

const daysAgo = (days: number): Date => new Date(NOW_MS - days * DAY_MS);

export const newCa = (ageDays = 0, options: CaOptions = {}): Promise<KeyPair> =>
	issueCa({ now: daysAgo(ageDays), ...options });

export const servingFor = (ca: KeyPair, ageDays = 0, options: Partial<ServingOptions> = {}): Promise<KeyPair> =>
	issueServing(ca, { hosts: HOSTS, now: daysAgo(ageDays), ...options });

export const asCa = ({ cert, key }: KeyPair): SecretData => ({ 'ca.crt': cert, 'ca.key': key });
export const asNext = ({ cert, key }: KeyPair): SecretData => ({ 'next-ca.crt': cert, 'next-ca.key': key });
export const asPrevious = (...pairs: readonly KeyPair[]): SecretData => ({
	'former-ca.crt': pairs.map(({ cert }) => cert).join(''),
});
export const asTls = ({ cert, key }: KeyPair): SecretData => ({ 'tls.crt': cert, 'tls.key': key });

export const otherKey = (): string =>
	generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
