import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/api/types.ts';
import { installationOf } from '../../../src/doctor/installation.ts';
import { findOperators, type Operator, operator } from '../../../src/doctor/operator.ts';
import { deploymentOf, fixes, sentences } from './results.ts';

const USER = 'system:serviceaccount:toolhive-system:toolhive-operator';
const SETTINGS = {
	operatorUsernames: [USER],
	passwordEnv: 'deployment',
	shutdown: { gracePeriodSeconds: 45, preStopSeconds: 5 },
	isReconciling: true,
	isElected: true,
	isSelfManaged: false,
	hasNamespaceLabel: false,
};
const of = (version: string, serviceAccount = 'toolhive-operator'): Operator => ({
	namespace: 'toolhive-system',
	name: 'op',
	image: `ghcr.io/stacklok/toolhive/operator:${version}`,
	serviceAccount,
	env: {},
	hasHiddenEnv: false,
});
const phases = (...values: string[]): Json => {
	const status = { properties: { phase: { enum: values } } };
	return { spec: { versions: [{ served: true, schema: { openAPIV3Schema: { properties: { status } } } }] } };
};
const INSTALLED = installationOf(deploymentOf());
const SUBJECT = 'toolhive-system/op';

describe('doctor: the operator', () => {
	for (const row of [
		{
			version: 'v0.10.0',
			says: `fail: ${SUBJECT} v0.10.0 overwrites every replica count, so nothing can scale beside it`,
		},
		{
			version: 'v0.10.1',
			says: `ok: ${SUBJECT} v0.10.1 knows nothing of scaling; all of it comes from toolhive-scaling`,
		},
		{
			version: 'v0.12.5',
			says: `ok: ${SUBJECT} v0.12.5 knows nothing of scaling; all of it comes from toolhive-scaling`,
		},
		{
			version: 'v0.13.0',
			says: `ok: ${SUBJECT} v0.13.0 scales, but without an MCPServer's Redis password and without MCPRemoteProxy; toolhive-scaling adds both`,
		},
		{ version: 'v0.28.1', says: `ok: ${SUBJECT} v0.28.1 scales, but not MCPRemoteProxy; toolhive-scaling adds that` },
		{ version: 'v0.30.0', says: `ok: ${SUBJECT} v0.30.0 scales by itself; toolhive-scaling checks and warns` },
		{
			version: 'latest',
			says: `warn: ${SUBJECT} does not tell its version: ghcr.io/stacklok/toolhive/operator:latest`,
		},
	]) {
		it(`${row.version}`, () =>
			expect(sentences(operator([of(row.version)], INSTALLED, SETTINGS, undefined))).to.deep.equal([
				row.says,
				`ok: ${USER} is known as an operator`,
			]));
	}

	it('none', () =>
		expect(sentences(operator([], INSTALLED, SETTINGS, undefined))[0]).to.match(/^warn: .*was not found/));

	const other = 'system:serviceaccount:toolhive-system:other';
	for (const row of [
		{ it: 'one that erases', version: 'v0.12.5', status: 'fail', installed: INSTALLED },
		{ it: 'one that patches', version: 'v0.24.0', status: 'warn', installed: INSTALLED },
		{ it: 'one of unknown version', version: 'edge', status: 'fail', installed: INSTALLED },
		{
			it: 'one, and settings that come from elsewhere',
			version: 'v0.12.5',
			status: 'warn',
			installed: { ...INSTALLED, hasHiddenEnv: true },
		},
	]) {
		it(`by another name: ${row.it}`, () => {
			const [, said] = operator([of(row.version, 'other')], row.installed, SETTINGS, undefined);
			expect(said).to.include({ status: row.status, subject: other });
			expect(said?.fix).to.equal(
				`kubectl set env -n toolhive-scaling deployment/toolhive-scaling THV_SCALING_OPERATOR_USERNAMES=${USER},${other}`,
			);
		});
	}
	it('by another name, and a flag lists names › the fix is to edit the flag', () => {
		const installed = { ...INSTALLED, args: ['--operator-usernames', 'x'] };
		expect(fixes(operator([of('v0.12.5', 'other')], installed, SETTINGS, undefined))[1]).to.match(
			/^add it to that flag/,
		);
	});
	it('the product is not installed › no line about its name', () =>
		expect(operator([of('v0.12.5')], undefined, undefined, undefined)).to.have.length(1));

	for (const [version, known, isRefused] of [
		['v0.12.5', ['Running', 'Failed'], false],
		['v0.12.5', ['Ready', 'Failed'], true],
		['v0.17.0', ['Running', 'Failed'], true],
		['v0.17.0', ['Ready', 'Failed'], false],
	] as const) {
		it(`${version} beside CRDs with phase ${known[0]}: ${isRefused ? 'no status is stored' : 'they match'}`, () => {
			const said = sentences(operator([of(version)], undefined, undefined, phases(...known)));
			expect(said.some((line) => /^warn: .* writes phase \w+, which the CRD of MCPServer refuses/.test(line))).to.equal(
				isRefused,
			);
		});
	}

	describe('is found', () => {
		const deployed = (image: string): Json =>
			deploymentOf(
				{},
				{
					containers: [
						{ name: 'proxy', image: 'mesh:1' },
						{ name: 'manager', image },
					],
				},
			);
		const found = async (labelled: readonly Json[], all: readonly Json[]) => {
			const asked: (string | undefined)[] = [];
			const operators = await findOperators(async (project, selector) => {
				asked.push(selector);
				return (selector === undefined ? all : labelled).flatMap((object) => project(object) ?? []);
			});
			return { asked: asked.length, images: operators.map(({ image }) => image) };
		};
		it('by its label, from whatever registry', async () =>
			expect(await found([deployed('example.com/mine:v1')], [])).to.deep.equal({
				asked: 1,
				images: ['example.com/mine:v1'],
			}));
		it('by its image', async () => {
			const others = ['example.com/toolhive/operator-bundle:1', 'nginx:1'].map(deployed);
			const ours = deployed('example.com/mirror/toolhive/operator@sha256:0');
			expect(await found([], [...others, ours])).to.deep.equal({
				asked: 2,
				images: ['example.com/mirror/toolhive/operator@sha256:0'],
			});
		});
	});
});
