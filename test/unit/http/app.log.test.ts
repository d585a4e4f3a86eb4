import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { allow, deny } from '../../../src/admission/response.ts';
import type { Json } from '../../../src/api/types.ts';
import { ALLOWED, reviewWith, type Serving, startServing } from '../../harness/serving.ts';

const FIELDS = ['level', 'time', 'uid', 'kind', 'namespace', 'name', 'operation', 'verdict', 'ms', 'msg'];
const SECRET = 'hunter2-is-the-password';
const OBJECT = {
	metadata: { name: 'github', annotations: { note: SECRET } },
	spec: { template: { spec: { containers: [{ env: [{ name: 'REDIS_PASSWORD', value: SECRET }] }] } } },
};

const warning = { id: 'some-id', field: 'spec', message: SECRET };

describe('http log and metrics', () => {
	let serving: Serving;
	before(async () => {
		serving = await startServing({
			logLevel: 'debug',
			mutate: ({ name }) => {
				if (name === 'throws') throw new Error('planted bug');
				if (name === 'patched')
					return { allowed: true, patch: [{ op: 'add', path: '/x', value: SECRET }], findings: [] };
				return name === 'warned' ? allow([{ ...warning, id: 'other-id' }]) : ALLOWED;
			},
			validate: () => deny([{ id: 'bad', field: 'spec', message: SECRET, parts: [] }], [warning, warning]),
		});
	});
	after(() => serving.stop());

	const lastLine = (): Json => JSON.parse(serving.lines.at(-1) ?? '');

	const verdicts = [
		{ path: '/mutate', name: 'plain', verdict: 'unchanged', level: 20 },
		{ path: '/mutate', name: 'warned', verdict: 'unchanged', level: 30 },
		{ path: '/mutate', name: 'patched', verdict: 'mutated', level: 30 },
		{ path: '/validate', name: 'bad', verdict: 'denied', level: 30 },
	];
	for (const { path, name, verdict, level } of verdicts) {
		it(`a review that is ${verdict} (${name}) › one line of level ${level}`, async () => {
			const linesBefore = serving.lines.length;
			await serving.ask({ path, body: reviewWith({ uid: 'uid-9', name, operation: 'UPDATE', object: OBJECT }) });
			expect(serving.lines).to.have.length(linesBefore + 1);
			const line = lastLine();
			expect(Object.keys(line)).to.have.members(FIELDS);
			expect(line).to.deep.include({
				level,
				uid: 'uid-9',
				kind: 'Deployment',
				namespace: 'shop',
				name,
				operation: 'UPDATE',
				verdict,
				msg: 'review',
			});
			expect(line['ms']).to.be.a('number').within(0, 10_000);
			expect(line['time']).to.be.closeTo(Date.now(), 10_000);
		});
	}

	it('writes one line for a review that failed', async () => {
		const linesBefore = serving.lines.length;
		await serving.ask({ body: reviewWith({ name: 'throws', object: OBJECT }) });
		expect(serving.lines).to.have.length(linesBefore + 1);
		expect(Object.keys(lastLine())).to.have.members([...FIELDS, 'err']);
	});

	it('never writes an object or a password', async () => {
		for (const body of [`{"password": "${SECRET}"}`, `"${SECRET}`, reviewWith({ object: [SECRET] })]) {
			await serving.ask({ body });
		}
		expect(serving.lines.join('')).not.to.contain('hunter2').and.not.to.contain('containers');
	});

	it('counts by operation, resource and verdict, and holds what comes from outside to a few', async () => {
		for (let count = 0; count < 30; count += 1) {
			const resource = { group: `g${count}`, version: 'v1', resource: `things${count}` };
			await serving.ask({
				body: reviewWith({ resource, operation: `OP${count}`, subResource: `s${count}`, kind: { kind: `K${count}` } }),
			});
		}
		await serving.ask({ body: reviewWith({ subResource: 'scale' }) });
		const text = await serving.metrics.text();
		const counts = text.split('\n').filter((line) => line.startsWith('thv_scaling_review_duration_seconds_count'));
		expect(counts).to.have.members([
			'thv_scaling_review_duration_seconds_count{operation="UPDATE",resource="apps/deployments",verdict="unchanged"} 2',
			'thv_scaling_review_duration_seconds_count{operation="UPDATE",resource="apps/deployments",verdict="mutated"} 1',
			'thv_scaling_review_duration_seconds_count{operation="UPDATE",resource="apps/deployments",verdict="denied"} 1',
			'thv_scaling_review_duration_seconds_count{operation="CREATE",resource="apps/deployments",verdict="error"} 1',
			'thv_scaling_review_duration_seconds_count{operation="CREATE",resource="apps/deployments/scale",verdict="unchanged"} 1',
			'thv_scaling_review_duration_seconds_count{operation="other",resource="other",verdict="unchanged"} 30',
		]);
		expect(text).to.contain('thv_scaling_warnings_total{rule="some-id"} 2');
		expect(text).to.contain('thv_scaling_denials_total{rule="bad"} 1');
		expect(text).to.contain('thv_scaling_refused_requests_total{code="400"} 3');
		expect(text).to.contain('thv_scaling_requests_in_flight 0');
	});
});
