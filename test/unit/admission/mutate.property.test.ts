import { expect } from 'chai';
import fc from 'fast-check';
import type { Request } from '../../../src/admission/review.ts';
import type { Json, Server } from '../../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../../src/objects/deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/policy/settings.ts';
import { configMapOf, deploymentOf, podOf, SECRET_KEY, SECRET_NAME, server, specOf } from '../../harness/arbitrary.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { deployment, nameOf, scale } from '../../harness/objects.ts';
import { applied, mutated, OPERATOR, patchOf, request, stored, update } from '../../harness/run-handlers.ts';

const RUNS = { numRuns: 200 };
const settings: fc.Arbitrary<Settings> = fc.record({
	gracePeriodSeconds: fc.constantFrom(0, 30, 45),
	preStopSeconds: fc.constantFrom(0, 5, 60),
	passwordEnv: fc.constantFrom('deployment' as const, 'pod' as const),
	runConfigLayout: fc.constantFrom('both' as const, 'top-level' as const),
	operatorUsernames: fc.constant([OPERATOR]),
});

interface Case {
	owner: Json;
	asked: Request;
	/** What is there besides the owner. */
	around: Json[];
}

/** A vMCP of a known image around, so that its config is edited too. */
const around = (owner: Json): Json[] => [
	deployment(owner, {}, { containers: [{ name: 'vmcp', image: 'vmcp:v0.16.0' }] }),
];

const CASES: Record<string, fc.Arbitrary<Case>> = {
	'Deployment, CREATE': server.chain((owner) =>
		deploymentOf(owner).map((object) => ({ owner, around: [], asked: request(object) })),
	),
	'Deployment, UPDATE': server.chain((owner) =>
		fc
			.tuple(deploymentOf(owner), deploymentOf(owner))
			.map(([object, before]) => ({ owner, around: [], asked: update(object, before, { username: OPERATOR }) })),
	),
	Pod: server.chain((owner) => podOf(owner).map((object) => ({ owner, around: [], asked: request(object) }))),
	ConfigMap: server.chain((owner) =>
		configMapOf(owner).map((object) => ({ owner, around: around(owner), asked: request(object) })),
	),
	Scale: server.chain((owner) =>
		fc.constantFrom(0, 1, 2, 9, undefined, '3').map((count) => {
			const object = JSON.parse(JSON.stringify(scale(nameOf(owner), count))) as Json;
			return { owner, around: around(owner), asked: update(object, scale(nameOf(owner), 1)) };
		}),
	),
	server: fc.tuple(server, server).map(([object, before]) => ({
		owner: object,
		around: [],
		asked: update(object, { ...before, kind: object['kind'] }, { username: OPERATOR }),
	})),
};

describe('mutate, whatever comes', () => {
	for (const [what, cases] of Object.entries(CASES)) {
		it(`${what}: a second pass changes nothing, input is never written to, the patch applies strictly`, async () => {
			await fc.assert(
				// The request is frozen all the way down: see play.ts.
				fc.asyncProperty(cases, settings, async ({ owner, asked, around: others }, chosen) => {
					const cluster = clusterOf([owner, ...others]);
					const object = await stored(asked, cluster, chosen);
					expect(patchOf(await mutated({ ...asked, object }, cluster, chosen))).to.deep.equal([]);
				}),
				RUNS,
			);
		});
	}

	it('Deployment: the patch gives exactly the object that was decided on', async () => {
		const cases = server.chain((owner) => fc.tuple(fc.constant(owner), deploymentOf(owner), deploymentOf(owner)));
		await fc.assert(
			fc.asyncProperty(cases, settings, async ([owner, object, before], chosen) => {
				const known = serverOf(owner) as Server;
				const cluster = clusterOf([owner]);
				const made = createDeployment(object, known, decide(known), chosen);
				expect(await stored(request(object), cluster, chosen)).to.deep.equal(made);
				for (const username of ['alice', ...chosen.operatorUsernames]) {
					const isByOperator = username !== 'alice';
					const changed = updateDeployment(object, before, known, decide(known), chosen, isByOperator);
					expect(await stored({ ...update(object, before), username }, cluster, chosen)).to.deep.equal(changed);
				}
			}),
			RUNS,
		);
	});

	it('Deployment: only these places are ever written to', async () => {
		const allowed =
			/^\/spec\/replicas$|^\/metadata\/annotations(\/toolhive-scaling~1applied-replicas)?$|^\/spec\/template\/spec\/(terminationGracePeriodSeconds|containers\/\d+\/(lifecycle|env(\/.*)?))$/;
		await fc.assert(
			fc.asyncProperty(
				fc.oneof(CASES['Deployment, CREATE'] as fc.Arbitrary<Case>, CASES['Deployment, UPDATE'] as fc.Arbitrary<Case>),
				async ({ owner, asked }) => {
					for (const { path } of patchOf(await mutated(asked, clusterOf([owner])))) expect(path).to.match(allowed);
				},
			),
			RUNS,
		);
	});

	it('Deployment: a stdio server never gets more than 1, and nobody gets a number from unset', async () => {
		const cases = fc.oneof(
			CASES['Deployment, CREATE'] as fc.Arbitrary<Case>,
			CASES['Deployment, UPDATE'] as fc.Arbitrary<Case>,
		);
		await fc.assert(
			fc.asyncProperty(cases, async ({ owner, asked }) => {
				const sent = specOf(asked.object ?? {})['replicas'];
				const count = specOf(await stored(asked, clusterOf([owner])))['replicas'];
				if (specOf(owner)['transport'] === 'stdio' && typeof count === 'number') expect(count).to.be.at.most(1);
				if (specOf(owner)['replicas'] === undefined && typeof sent !== 'number') expect(count).to.equal(sent);
			}),
			RUNS,
		);
	});

	it('ConfigMap: neither the name nor the key of the Secret, ever', async () => {
		await fc.assert(
			fc.asyncProperty(
				CASES['ConfigMap'] as fc.Arbitrary<Case>,
				settings,
				async ({ owner, asked, around: others }, chosen) => {
					const text = JSON.stringify(await mutated(asked, clusterOf([owner, ...others]), chosen));
					expect(text).to.not.include(SECRET_NAME).and.not.include(SECRET_KEY);
				},
			),
			RUNS,
		);
	});

	it('server: what was set and is absent comes back, what is there stays', async () => {
		await fc.assert(
			fc.asyncProperty(CASES['server'] as fc.Arbitrary<Case>, async ({ asked }) => {
				const [now, before, after] = [asked.object, asked.oldObject, await stored(asked, clusterOf([]))].map((one) =>
					specOf(one ?? {}),
				);
				const fields = asked.kind === 'MCPServer' ? ['replicas', 'backendReplicas'] : ['replicas'];
				for (const field of fields) expect(after?.[field]).to.equal(now?.[field] ?? before?.[field]);
				const storages = [before, now].map((one) => one?.['sessionStorage'] as Json | undefined);
				expect(after?.['sessionStorage']).to.deep.equal(
					storages.every((one) => one === undefined)
						? undefined
						: { ...storages[0], ...storages[1], ...tlsOf(storages) },
				);
			}),
			RUNS,
		);
	});
});

/** The one part that has parts of its own which may be gone. */
const tlsOf = ([before, now]: (Json | undefined)[]): Json => {
	const both = [before?.['tls'], now?.['tls']] as (Json | undefined)[];
	return both.every((one) => one === undefined) ? {} : { tls: { ...both[0], ...both[1] } };
};

const FOREIGN: Record<string, (owner: Json) => Json> = {
	'no ownerReference': () => ({ ownerReferences: [] }),
	'another group': (owner) => ({ ownerReferences: [{ ...referenceOf(owner), apiVersion: 'example.com/v1beta1' }] }),
	'another uid': (owner) => ({ ownerReferences: [{ ...referenceOf(owner), uid: 'somebody-else' }] }),
	'another name': (owner) => ({ ownerReferences: [{ ...referenceOf(owner), name: 'somebody-else' }] }),
	'a name the operator does not give': () => ({ name: 'somebody-else' }),
};

const referenceOf = (owner: Json): Json => {
	const { name, uid } = owner['metadata'] as Json;
	return { apiVersion: owner['apiVersion'], kind: owner['kind'], name, uid };
};

describe('mutate, objects that are not ours', () => {
	for (const [what, metadataOf] of Object.entries(FOREIGN)) {
		it(`${what}: nothing of ours in them`, async () => {
			const cases = server.chain((owner) =>
				fc.tuple(fc.constant(owner), fc.oneof(deploymentOf(owner), configMapOf(owner))),
			);
			await fc.assert(
				fc.asyncProperty(cases, async ([owner, object]) => {
					const foreign = { ...object, metadata: { ...(object['metadata'] as Json), ...metadataOf(owner) } };
					const cluster = clusterOf([owner, ...around(owner)]);
					expect(await mutated(request(foreign), cluster)).to.deep.equal({ allowed: true, patch: [], findings: [] });
					expect(await mutated(update(foreign, foreign), cluster)).to.deep.equal({
						allowed: true,
						patch: [],
						findings: [],
					});
				}),
				RUNS,
			);
		});
	}
	it('the strict applier does refuse a patch that does not fit', () => {
		expect(() => applied({ a: {} }, [{ op: 'replace', path: '/b/c', value: 1 }])).to.throw();
		expect(() => applied({ a: {} }, [{ op: 'remove', path: '/b' }])).to.throw();
	});
	it('frozen input does refuse to be written to', () => {
		const asked = request(deployment(specOf({ spec: { metadata: { name: 'n' }, kind: 'MCPServer' } })));
		expect(() => Object.assign(asked.object ?? {}, { kind: 'x' })).to.throw();
		expect(DEFAULT_SETTINGS.gracePeriodSeconds).to.equal(45);
	});
});
