import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { issueCa, issueServing } from '../../../certs/issue.ts';
import { checkAnswer } from '../../../endurance/bench/answer.ts';
import { deploymentReview } from '../../../endurance/bench/payloads.ts';

const PASSWORD = {
	name: 'THV_SESSION_REDIS_PASSWORD',
	valueFrom: { secretKeyRef: { name: 'redis', key: 'password' } },
};
const RIGHT = [
	{ op: 'add', path: '/metadata/annotations', value: { 'toolhive-scaling/applied-replicas': '3' } },
	{ op: 'replace', path: '/spec/replicas', value: 3 },
	{ op: 'replace', path: '/spec/template/spec/terminationGracePeriodSeconds', value: 60 },
	{ op: 'add', path: '/spec/template/spec/containers/0/env/-', value: PASSWORD },
];

describe('the answers of what is measured', () => {
	let server: Server;
	let folder: string;
	let answered: { status: number; patch: readonly object[] };
	before(async () => {
		const authority = await issueCa();
		folder = mkdtempSync(join(tmpdir(), 'bench-answer-'));
		writeFileSync(join(folder, 'ca.crt'), authority.cert);
		server = createServer(await issueServing(authority), (request, response) => {
			request.resume().on('end', () => {
				const patch = Buffer.from(JSON.stringify(answered.patch)).toString('base64');
				response.writeHead(answered.status).end(JSON.stringify({ response: { allowed: true, patch } }));
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	});
	after(() => {
		server.close();
		rmSync(folder, { recursive: true });
	});

	async function complaint(patch: readonly object[], status = 200): Promise<string | undefined> {
		answered = { status, patch };
		const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`;
		try {
			await checkAnswer({ name: 'another', url }, folder, deploymentReview('1.5 KB'));
			return undefined;
		} catch (error) {
			return (error as Error).message;
		}
	}

	it('are right when the same object comes of them', async () => {
		expect(await complaint(RIGHT)).to.equal(undefined);
	});
	it('may add what means nothing: empty structs, and the signature of Pepr', async () => {
		const more = [
			{ op: 'add', path: '/status', value: {} },
			{ op: 'add', path: '/spec/strategy', value: { rollingUpdate: null } },
			{ op: 'add', path: '/metadata/annotations/bench.pepr.dev~1toolhive-scaling', value: 'succeeded' },
		];
		expect(await complaint([...RIGHT, ...more])).to.equal(undefined);
	});
	for (const left of RIGHT) {
		it(`are wrong without ${left.path}`, async () => {
			const text = await complaint(RIGHT.filter((one) => one !== left));
			expect(text).to.match(/^another makes another object: /);
		});
	}
	it('are wrong with another count', async () => {
		const text = await complaint([...RIGHT, { op: 'replace', path: '/spec/replicas', value: 4 }]);
		expect(text).to.equal('another makes another object: [{"op":"replace","path":"/spec/replicas","value":4}]');
	});
	it('are wrong with another status', async () => {
		expect(await complaint(RIGHT, 500)).to.match(/^another answered 500: /);
	});
});
