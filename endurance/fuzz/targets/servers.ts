/** Applies every rule to custom resources of any shape. */
import { expect } from 'chai';
import { isObject, type Json, type Server } from '../../../src/api/types.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { keySpaceOf } from '../../../src/policy/key-space.ts';
import { desiredReplicas } from '../../../src/policy/replicas.ts';
import { serverFindings, WARNING_IDS } from '../../../src/policy/rules.ts';
import { frozen } from '../../../test/harness/objects.ts';
import { caseObjects } from '../seeds.ts';
import { jsonOf, type Target } from '../target.ts';

export const servers: Target = {
	name: 'servers',
	seeds: () => caseObjects().flatMap((one) => (serverOf(one) === undefined ? [] : [JSON.stringify(one)])),
	words: ['"replicas":2', '"transport":"stdio"', '"provider":"redis"', '"keyPrefix":"a"', '"sessionAffinity":"None"'],
	check: (text) => {
		const object = jsonOf(text);
		if (!isObject(object)) return;
		const server = serverOf(frozen(object));
		if (server !== undefined) checkServer(server, object);
	},
};

function checkServer(server: Server, object: Json): void {
	const decision = decide(frozen(server));
	expect(decide(server), 'decided again').to.deep.equal(decision);
	const requested = isObject(object['spec']) ? object['spec']['replicas'] : undefined;
	const { replicas } = desiredReplicas(server, { operation: 'create', sent: undefined });
	if (typeof requested !== 'number') expect(replicas, 'a count that is not set').to.equal(undefined);
	else if (replicas !== undefined) expect(replicas).to.equal(server.spec.stdio ? Math.min(requested, 1) : requested);
	const { passwordRef, provider } = server.spec.sessionStorage ?? {};
	expect(decision.passwordEnv !== undefined).to.equal(provider === 'redis' && passwordRef !== undefined);

	const findings = serverFindings({ server, before: server, clusterContext: {} });
	const ids = findings.map(({ id }) => WARNING_IDS.indexOf(id));
	expect(ids, 'their order').to.deep.equal(ids.toSorted((a, b) => a - b));
	const silenced = serverFindings({ server: { ...server, ignore: [...WARNING_IDS] }, clusterContext: {} });
	expect(silenced, 'all of them ignored').to.deep.equal([]);
	const twin = { ...server, name: `${server.name}-2`, uid: 'other' };
	expect(keySpaceOf(twin), 'the key space of a twin').to.equal(keySpaceOf(server));
}
