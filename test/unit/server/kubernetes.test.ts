import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ApiError } from '../../../src/cluster/connect.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { watchKubernetes } from '../../../src/server/kubernetes.ts';

const REFUSED = new Error('connect ECONNREFUSED');

/** The API server's answers in turn; the last one is repeated. */
const watched = (...answers: (string | Error)[]) => {
	const logged: unknown[] = [];
	let asked = 0;
	const get = async (): Promise<unknown> => {
		const answer = answers[Math.min(asked, answers.length - 1)];
		asked += 1;
		if (answer instanceof Error) throw answer;
		return { gitVersion: answer };
	};
	const kubernetes = watchKubernetes({ get }, DEFAULT_SETTINGS, {
		error: (detail: unknown) => void logged.push(detail),
	});
	return { kubernetes, logged };
};

describe('serve › the version of Kubernetes', () => {
	it('not known yet › no preStop, since an older API server would refuse it', async () => {
		const { kubernetes } = watched(REFUSED);
		await sleep(50);
		expect(kubernetes.isKnown()).to.equal(false);
		expect(kubernetes.settings).to.deep.include({ preStopSeconds: 0, gracePeriodSeconds: 45 });
	});
	for (const [version, seconds] of [
		['v1.30.0', 5],
		['v1.36.1+k3s1', 5],
		['not a version', 5],
		['v1.29.14', 0],
	] as const) {
		it(`${version} › preStop of ${seconds} s`, async () => {
			const { kubernetes, logged } = watched(version);
			await sleep(50);
			expect(kubernetes.isKnown()).to.equal(true);
			expect(kubernetes.settings.preStopSeconds).to.equal(seconds);
			expect(logged).to.have.length(seconds === 0 ? 1 : 0);
		});
	}
	for (const [status, isKnown] of [
		[403, true],
		[404, true],
		[429, false],
		[503, false],
	] as const) {
		it(`${status} › ${isKnown ? 'taken for a new one' : 'asked again'}`, async () => {
			const { kubernetes } = watched(new ApiError('refused', status));
			await sleep(50);
			expect(kubernetes.isKnown()).to.equal(isKnown);
		});
	}
	it('known after a failed request › preStop from then on', async () => {
		const { kubernetes } = watched(REFUSED, 'v1.30.0');
		await sleep(1_200);
		expect(kubernetes.settings.preStopSeconds).to.equal(5);
	});
});
