/**
 * Creates a folder with tls.crt and tls.key as the kubelet mounts a Secret: links to a link that is replaced in one
 * step.
 */
import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../../certs/issue.ts';

export type SecretVolume = ReturnType<typeof createSecretVolume>;

export function createSecretVolume(first: KeyPair) {
	const folder = mkdtempSync(join(tmpdir(), 'secret-volume-'));
	let generation = 0;
	const write = ({ cert, key }: KeyPair): string => {
		generation += 1;
		const name = `..2026_11_21.${generation}`;
		mkdirSync(join(folder, name));
		writeFileSync(join(folder, name, 'tls.crt'), cert);
		writeFileSync(join(folder, name, 'tls.key'), key);
		return name;
	};
	symlinkSync(write(first), join(folder, '..data'));
	for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(folder, file));
	return {
		folder,
		/** Replaces the files as the kubelet does after the Secret changes. */
		swap: (pair: KeyPair): void => {
			const previous = readlinkSync(join(folder, '..data'));
			symlinkSync(write(pair), join(folder, '..data_tmp'));
			renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
			rmSync(join(folder, previous), { recursive: true });
		},
		remove: () => rmSync(folder, { recursive: true }),
	};
}
