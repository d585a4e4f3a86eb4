/** Parses a kubeconfig, which must result in a connection or in an error of one line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect } from '../../../src/cluster/connect.ts';
import type { Target } from '../target.ts';

const GOOD = `apiVersion: v1
kind: Config
current-context: c
clusters:
- {name: k, cluster: {server: 'https://127.0.0.1:1', certificate-authority-data: aGk=}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: c, context: {cluster: k, user: u, namespace: demo}}
`;

let folder: string | undefined;

export const kubeconfig: Target = {
	name: 'kubeconfig',
	seeds: () => [GOOD, 'apiVersion: v1\nkind: Config\n', GOOD.replace('current-context: c', 'current-context: d'), ''],
	words: ['clusters: []\n', 'contexts:\n', 'user: {}', 'server: ', 'namespace: ', 'client-certificate-data: aGk='],
	check: async (text) => {
		// A user with these fields could run a program or read a file, which a test must not do.
		if (/exec|provider|command|[fF]ile|certificate-authority:|client-\w+:/.test(text)) return;
		folder ??= mkdtempSync(join(tmpdir(), 'toolhive-scaling-fuzz-'));
		const file = join(folder, 'config');
		writeFileSync(file, text);
		try {
			const connection = await connect(file);
			expect(connection.url).to.be.a('string');
			await connection.close();
		} catch (error) {
			expect(error).to.be.an.instanceOf(Error);
			const { message } = error as Error;
			expect(message).to.not.equal('');
			expect(message, 'one line').to.not.include('\n');
			expect(message, 'a message of the product').to.not.match(
				/undefined|Cannot read|is not a function|is not iterable/,
			);
		}
	},
	stop: async () => {
		if (folder !== undefined) rmSync(folder, { recursive: true });
		folder = undefined;
	},
};
