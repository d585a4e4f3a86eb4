import { expect } from 'chai';
import fc from 'fast-check';
import type { Request } from '../../../src/admission/review.ts';
import { type Json, metadataOf, type Server } from '../../../src/api/types.ts';
import { createDeployment, updateDeployment } from '../../../src/objects/deployment.ts';
import { serverOf } from '../../../src/objects/server.ts';
import { decide } from '../../../src/policy/decide.ts';
import type { Settings } from '../../../src/policy/settings.ts';
import { configMapOf, deploymentOf, podOf, SECRET_KEY, SECRET_NAME, server, specOf } from '../../harness/arbitrary.ts';
import { clusterOf } from '../../harness/memory-cluster.ts';
import { deployment, nameOf, ownedBy, scale } from '../../harness/objects.ts';
import { mutated, OPERATOR, patchOf, request, stored, update } from '../../harness/run-handlers.ts';

const RUNS = { numRuns: 200 };
const settings: fc.Arbitrary<Settings> = fc.record({
	gracePeriodSeconds: fc.constantFrom(0, 30, 45),
	preStopSeconds: fc.constantFrom(0, 5, 60),
	passwordEnv: fc.constantFrom('deployment' as const, 'pod' as const),
	runConfigLayout: fc.constantFrom('both' as const, 'top-level' as const),
	operatorUsernames: fc.constant([OPERATOR]),
});

interface Case {
	readonly owner: Json;
	readonly asked: Request;
}
const byOperator = { username: OPERATOR };
const ofServer = (cases: (owner: Json) => fc.Arbitrary<Request>): fc.Arbitrary<Case> =>
	server.chain((owner) => cases(owner).map((asked) => ({ owner, asked })));

/** The vMCP image accepts sessionStorage, so that the webhook changes the config too. */
const clusterAround = (owner: Json) =>
	clusterOf([owner, deployment(owner, {}, { containers: [{ name: 'vmcp', image: 'vmcp:v0.16.0' }] })]);

const CREATED = ofServer((owner) => deploymentOf(owner).map((object) => request(object)));
const UPDATED = ofServer((owner) =>
	fc.tuple(deploymentOf(owner), deploymentOf(owner)).map(([object, before]) => update(object, before, byOperator)),
);
const CONFIG_MAP = ofServer((owner) => configMapOf(owner).map((object) => request(object)));
const SERVER = ofServer((owner) =>
	server.map((before) => update(owner, { ...before, kind: owner['kind'] }, byOperator)),
);
const CASES: Readonly<Record<string, fc.Arbitrary<Case>>> = {
	'Deployment, CREATE': CREATED,
	'Deployment, UPDATE': UPDATED,
	Pod: ofServer((owner) => podOf(owner).map((object) => request(object))),
	ConfigMap: CONFIG_MAP,
	Scale: ofServer((owner) =>
		fc.constantFrom(0, 1, 2, 9, undefined, '3').map((count) => {
			const object = JSON.parse(JSON.stringify(scale(nameOf(owner), count))) as Json;
			return update(object, scale(nameOf(owner), 1));
		}),
	),
	server: SERVER,
};

describe('mutate › any request', () => {
	for (const [what, cases] of Object.entries(CASES)) {
		it(`${what} › the patch applies, a second review has no patch, and the input is not changed`, async () => {
			await fc.assert(
				// run-handlers.ts deep-freezes the request, so a handler that changes the request fails.
				fc.asyncProperty(cases, settings, async ({ owner, asked }, chosen) => {
					const cluster = clusterAround(owner);
					const object = await stored(asked, cluster, chosen);
					expect(patchOf(await mutated({ ...asked, object }, cluster, chosen))).to.deep.equal([]);
				}),
				RUNS,
			);
		});
	}

	it('Deployment › the patch gives the object that was decided', async () => {
		await fc.assert(
			fc.asyncProperty(UPDATED, settings, async ({ owner, asked }, chosen) => {
				const { object = {}, oldObject = {} } = asked;
				const known = serverOf(owner) as Server;
				const cluster = clusterOf([owner]);
				const created = createDeployment(object, known, decide(known), chosen);
				expect(await stored(request(object), cluster, chosen)).to.deep.equal(created);
				for (const username of ['alice', OPERATOR]) {
					const isByOperator = username === OPERATOR;
					const updated = updateDeployment(object, oldObject, known, decide(known), chosen, isByOperator);
					expect(await stored({ ...asked, username }, cluster, chosen)).to.deep.equal(updated);
				}
			}),
			RUNS,
		);
	});

	it('Deployment › only fields of the product are written; stdio gets at most 1, and unset stays unset', async () => {
		const allowed =
			/^\/spec\/replicas$|^\/metadata\/annotations(\/toolhive-scaling~1applied-replicas)?$|^\/spec\/template\/spec\/(terminationGracePeriodSeconds|containers\/\d+\/(lifecycle|env(\/.*)?))$/;
		await fc.assert(
			fc.asyncProperty(fc.oneof(CREATED, UPDATED), async ({ owner, asked }) => {
				for (const { path } of patchOf(await mutated(asked, clusterOf([owner])))) expect(path).to.match(allowed);
				const sent = specOf(asked.object ?? {})['replicas'];
				const count = specOf(await stored(asked, clusterOf([owner])))['replicas'];
				if (specOf(owner)['transport'] === 'stdio' && typeof count === 'number') expect(count).to.be.at.most(1);
				if (specOf(owner)['replicas'] === undefined && typeof sent !== 'number') expect(count).to.equal(sent);
			}),
			{ numRuns: 400 },
		);
	});

	it('ConfigMap › neither the name nor the key of the Secret', async () => {
		await fc.assert(
			fc.asyncProperty(CONFIG_MAP, settings, async ({ owner, asked }, chosen) => {
				const text = JSON.stringify(await mutated(asked, clusterAround(owner), chosen));
				expect(text).to.not.include(SECRET_NAME).and.not.include(SECRET_KEY);
			}),
			RUNS,
		);
	});

	it('server, by the operator › erased fields are restored, others stay', async () => {
		await fc.assert(
			fc.asyncProperty(SERVER, async ({ asked }) => {
				const objects = [asked.object, asked.oldObject, await stored(asked, clusterOf([]))];
				const [now, before, after] = objects.map((object) => specOf(object ?? {}));
				for (const field of asked.kind === 'MCPServer' ? ['replicas', 'backendReplicas'] : ['replicas'])
					expect(after?.[field]).to.equal(now?.[field] ?? before?.[field]);
				const storages = [before, now].map((spec) => spec?.['sessionStorage'] as Json | undefined);
				const tls = merged(storages.map((storage) => storage?.['tls'] as Json | undefined));
				const expected = merged([...storages, tls && { tls }]);
				expect(after?.['sessionStorage']).to.deep.equal(expected);
			}),
			RUNS,
		);
	});
});

const merged = (parts: readonly (Json | undefined)[]): Json | undefined =>
	parts.every((part) => part === undefined) ? undefined : Object.assign({}, ...parts);

describe('mutate › any object that another owner has', () => {
	const withOwner = (owner: Json, fields: Json): Json => ({ ownerReferences: [{ ...ownedBy(owner), ...fields }] });
	for (const [what, metadataFor] of [
		['no ownerReference', () => ({ ownerReferences: [] })],
		['another group', (owner) => withOwner(owner, { apiVersion: 'example.com/v1beta1' })],
		['another uid', (owner) => withOwner(owner, { uid: 'other' })],
		['another name', (owner) => withOwner(owner, { name: 'other' })],
		['a name that the operator does not give', () => ({ name: 'other' })],
	] as readonly [string, (owner: Json) => Json][]) {
		const cases = server.chain((owner) =>
			fc.oneof(deploymentOf(owner), configMapOf(owner)).map((object) => ({
				cluster: clusterAround(owner),
				other: { ...object, metadata: { ...metadataOf(object), ...metadataFor(owner) } },
			})),
		);
		it(`${what} › unchanged`, async () => {
			await fc.assert(
				fc.asyncProperty(cases, async ({ other, cluster }) => {
					for (const asked of [request(other), update(other, other)])
						expect(await mutated(asked, cluster)).to.deep.equal({ allowed: true, patch: [], findings: [] });
				}),
				RUNS,
			);
		});
	}
});
