import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readCertificate } from '../../src/http/certificate.ts';
import { checkAnswer } from './answer.ts';
import { writeCertificates } from './contestant.ts';
import { deploymentReview } from './payloads.ts';

const secretKeyRef = { name: 'redis', key: 'password' };
const PASSWORD = { name: 'THV_SESSION_REDIS_PASSWORD', valueFrom: { secretKeyRef } };
const RIGHT = [
	{ op: 'add', path: '/metadata/annotations', value: { 'toolhive-scaling/applied-replicas': '3' } },
	{ op: 'replace', path: '/spec/replicas', value: 3 },
	{ op: 'replace', path: '/spec/template/spec/terminationGracePeriodSeconds', value: 60 },
	{ op: 'add', path: '/spec/template/spec/containers/0/env/-', value: PASSWORD },
];
const WITHOUT_EFFECT = [
	{ op: 'add', path: '/status', value: {} },
	{ op: 'add', path: '/spec/strategy', value: { rollingUpdate: null } },
	{ op: 'add', path: '/metadata/annotations/bench.pepr.dev~1toolhive-scaling', value: 'succeeded' },
];
const OTHER = { op: 'replace', path: '/spec/replicas', value: 4 };
const ACCEPTED = /^accepted$/;

describe('bench: checkAnswer', () => {
	const folder = mkdtempSync(join(tmpdir(), 'bench-answer-'));
	let server: Server;
	let answer: { status: number; patch: readonly object[] };
	before(async () => {
		await writeCertificates(folder);
		server = createServer(await readCertificate(folder), (request, response) => {
			request.resume().on('end', () => {
				const patch = Buffer.from(JSON.stringify(answer.patch)).toString('base64');
				response.writeHead(answer.status).end(JSON.stringify({ response: { allowed: true, patch } }));
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	});
	after(() => {
		server.close();
		rmSync(folder, { recursive: true });
	});

	for (const [title, patch, status, result] of [
		['the same object', RIGHT, 200, ACCEPTED],
		['empty structs, and the signature of Pepr', [...RIGHT, ...WITHOUT_EFFECT], 200, ACCEPTED],
		...RIGHT.map(
			(left) => [`without ${left.path}`, RIGHT.filter((one) => one !== left), 200, /makes another object: /] as const,
		),
		['other replicas', [...RIGHT, OTHER], 200, /^another makes another object: \[\{[^{]*"value":4\}\]$/],
		['another status', RIGHT, 500, /^another answered 500: /],
	] as const) {
		it(`${title} › ${result === ACCEPTED ? 'accepted' : 'rejected'}`, async () => {
			answer = { status, patch };
			const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`;
			const checking = checkAnswer({ name: 'another', url }, folder, deploymentReview('1.5 KB'));
			expect(
				await checking.then(
					() => 'accepted',
					(error: Error) => error.message,
				),
			).to.match(result);
		});
	}
});
