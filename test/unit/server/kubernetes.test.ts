import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ApiError } from '../../../src/cluster/connect.ts';
import { DEFAULT_SETTINGS } from '../../../src/policy/settings.ts';
import { watchKubernetes } from '../../../src/server/kubernetes.ts';
import { until } from '../../harness/until.ts';

/** Returns these responses from the API server, in order. The last response is repeated. */
const watch = async (...responses: (string | Error)[]) => {
	const errors: unknown[] = [];
	const get = async (): Promise<unknown> => {
		const [response] = responses.length > 1 ? responses.splice(0, 1) : responses;
		if (response instanceof Error) throw response;
		return { gitVersion: response };
	};
	const error = (detail: unknown): void => void errors.push(detail);
	const kubernetes = watchKubernetes({ get }, DEFAULT_SETTINGS, { error });
	await sleep(20);
	return { kubernetes, errors };
};

describe('Kubernetes version', () => {
	for (const [title, response, isKnown, preStopSeconds, errorCount] of [
		['v1.30.0', 'v1.30.0', true, 5, 0],
		['not a version', 'not a version', true, 5, 0],
		['v1.29.14', 'v1.29.14', true, 0, 1],
		['403', new ApiError('refused', 403), true, 5, 0],
		['404', new ApiError('refused', 404), true, 5, 0],
		['429', new ApiError('refused', 429), false, 0, 0],
	] as const) {
		it(`${title} › ${isKnown ? 'known' : 'requested again'}, preStop of ${preStopSeconds} s`, async () => {
			const { kubernetes, errors } = await watch(response);
			expect(kubernetes.isKnown()).to.equal(isKnown);
			expect(kubernetes.settings).to.deep.include({ preStopSeconds, gracePeriodSeconds: 45 });
			expect(errors).to.have.length(errorCount);
		});
	}

	it('known after a failed request › preStop from then on', async () => {
		const { kubernetes } = await watch(new Error('connect ECONNREFUSED'), 'v1.30.0');
		await until(kubernetes.isKnown);
		expect(kubernetes.settings.preStopSeconds).to.equal(5);
	});
});
