/**
 * Checks that users can set every flag of `serve` in values.yaml, that the chart renders every value, and that the
 * error for an invalid value names the value.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { SERVE_OPTIONS } from '../../../src/cli/flags.ts';
import { readOptions } from '../../../src/cli/options.ts';
import { useHelm } from '../../harness/helm/mocha.ts';
import type { PodTemplate } from '../../harness/manifest-files.ts';
import { type Manifest, template } from '../../harness/manifest-files.ts';
import { CHART, only, refusal, render, type Values } from '../chart.ts';

interface Property {
	readonly properties?: Readonly<Record<string, Property>>;
}

const values = readFileSync(join(CHART, 'values.yaml'), 'utf8');
const schema: Required<Property> = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));

/** Flags that other values set, or that do not apply to a pod. */
const NOT_UNDER_SERVE = ['kubeconfig', 'tls-dir', 'namespace-label', 'exclude-namespaces'];
const flags = Object.keys(SERVE_OPTIONS).filter((flag) => !NOT_UNDER_SERVE.includes(flag));
const chartNameOf = (flag: string): string => flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
/** The `serve` section of values.yaml, with its commented values. */
const commented = parse(values.replace('serve: {}', 'serve:').replaceAll(/^#( {2}\w+: )/gm, '$1')) as { serve: Values };

const templateIn = (objects: readonly Manifest[]): PodTemplate =>
	only<{ spec: { template: PodTemplate } }>(objects, 'Deployment').spec.template;
const specOf = (objects: readonly Manifest[]): PodTemplate['spec'] => templateIn(objects).spec;

describe('chart: values', function () {
	this.timeout(60_000);
	const helm = useHelm();
	const argsWith = async (given: Values): Promise<readonly string[]> =>
		specOf(await render(helm, given)).containers[0]?.args.slice(1) ?? [];

	it('every flag of serve › in values.yaml with its default, and in the schema', () => {
		const defaults = flags.map((flag) => {
			const { fallback } = SERVE_OPTIONS[flag as keyof typeof SERVE_OPTIONS];
			return [chartNameOf(flag), flag === 'operator-usernames' ? [fallback] : parse(fallback ?? '')];
		});
		expect(commented.serve).to.deep.equal(Object.fromEntries(defaults));
		expect(schema.properties['serve']?.properties).to.have.all.keys(flags.map(chartNameOf));
	});
	it('values.yaml › the same properties as the schema', () => {
		// Helm reads `enabled` in a parent chart. A default here would override the tags in the parent.
		const { enabled: _, ...properties } = schema.properties;
		expect(parse(values)).to.have.all.keys(Object.keys(properties));
	});
	it('values › flags of serve; the defaults are the same as no values', async () => {
		const args = await argsWith({ serve: commented.serve });
		expect(args).to.have.length(flags.length);
		expect(readOptions(SERVE_OPTIONS, args, {})).to.deep.equal(readOptions(SERVE_OPTIONS, [], {}));
		const serve = {
			...{ gracePeriodSeconds: 0, preStopSeconds: 0 },
			...{ operatorUsernames: ['a', 'b'], leaderElect: false, maxInFlight: 100_000 },
		};
		const more = { namespaceOptIn: true, excludeNamespaces: ['payroll', 'lab'], replicas: 1 };
		const provided = { certificates: { mode: 'provided' } };
		expect(readOptions(SERVE_OPTIONS, await argsWith({ serve, ...more, ...provided }), {})).to.deep.include({
			'grace-period-seconds': 0,
			'pre-stop-seconds': 0,
			'operator-usernames': ['a', 'b'],
			'leader-elect': false,
			'max-in-flight': 100_000,
			'namespace-label': { key: 'toolhive-scaling/enabled', value: 'true' },
			'exclude-namespaces': ['payroll', 'lab'],
			'tls-dir': '/tls',
		});
	});
	it('ports and drainSeconds › the container has the ports, and the grace period is long enough', async () => {
		const spec = specOf(await render(helm, { serve: { webhookPort: 9443, metricsPort: 9080, drainSeconds: 60 } }));
		expect(spec.containers[0]?.ports.map(({ containerPort }) => containerPort)).to.deep.equal([9443, 9080]);
		expect(spec.terminationGracePeriodSeconds).to.equal(80);
		expect(template().spec.terminationGracePeriodSeconds).to.equal(10 + 20);
	});
	for (const [image, expected] of [
		[{ registry: 'registry.example.com', repository: 'scaling' }, 'registry.example.com/scaling:0.1.0'],
		[{ registry: '', repository: 'scaling' }, 'scaling:0.1.0'],
		[{ registry: '', repository: 'registry.example.com:5000/scaling' }, 'registry.example.com:5000/scaling:0.1.0'],
		[{ tag: '1', digest: `sha256:${'a'.repeat(64)}` }, `toolhive-scaling@sha256:${'a'.repeat(64)}`],
	] as const) {
		it(`image ${JSON.stringify(image)}`, async () => {
			// Null in `global` is the same as no value.
			const global = { imageRegistry: null, imagePullSecrets: null };
			const { containers, ...spec } = specOf(await render(helm, { image, global }));
			expect(containers[0]?.image.endsWith(expected), containers[0]?.image).to.equal(true);
			expect(spec).not.to.have.property('imagePullSecrets');
		});
	}
	it('values for the pod › added to those in the base', async () => {
		const given = {
			imagePullSecrets: [{ name: 'pull' }],
			tolerations: [{ key: 'control', operator: 'Exists' }],
			affinity: { nodeAffinity: {} },
			priorityClassName: 'important',
		};
		const objects = await render(helm, {
			...given,
			nodeSelector: { pool: 'system' },
			resources: { limits: { memory: '1Gi' } },
			podAnnotations: { team: 'a' },
			podLabels: { team: 'a', 'app.kubernetes.io/name': 'other' },
			image: { pullPolicy: 'Always' },
		});
		const spec = specOf(objects);
		expect(spec).to.deep.include({ ...given, nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'system' } });
		const base = template().spec.containers[0]?.resources;
		expect(spec.containers[0]?.resources).to.deep.equal({ ...base, limits: { memory: '1Gi' } });
		expect(spec.containers[0]).to.include({ imagePullPolicy: 'Always' });
		expect(templateIn(objects).metadata).to.deep.equal({
			annotations: { team: 'a' },
			labels: { team: 'a', 'app.kubernetes.io/name': 'toolhive-scaling' },
		});
	});
	for (const [given, replicas] of [
		[{}, 2],
		[{ highAvailability: true }, 3],
		[{ replicas: null }, undefined],
	] as const) {
		it(`replicas › ${JSON.stringify(given)} › ${replicas ?? 'left out'}, with a matching PodDisruptionBudget`, async () => {
			const objects = await render(helm, given);
			const { spec } = only<{ spec: object }>(objects, 'Deployment');
			if (replicas === undefined) expect(spec).not.to.have.property('replicas');
			else expect(spec).to.include({ replicas });
			const budget = only<{ spec: object }>(objects, 'PodDisruptionBudget').spec;
			expect(budget).to.include({ maxUnavailable: 1 }).and.not.to.have.property('minAvailable');
		});
	}
	it('a system priority class › a quota; networkPolicy and podDisruptionBudget disabled › left out', async () => {
		const off = { networkPolicy: { enabled: false }, podDisruptionBudget: { enabled: false } };
		const kinds = (await render(helm, { ...off, priorityClassName: 'system-node-critical' })).map(({ kind }) => kind);
		expect(kinds).to.include('ResourceQuota').and.not.include.oneOf(['NetworkPolicy', 'PodDisruptionBudget']);
	});
	it('certificates › the named Secret is mounted, and every webhook has the CA', async () => {
		const caBundle = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
		const certificates = { mode: 'provided', secretName: 'mine', caBundle };
		const objects = await render(helm, { certificates, serve: { passwordEnv: 'pod' } });
		expect(specOf(objects).volumes[0]?.secret?.secretName).to.equal('mine');
		const clients = objects.flatMap(({ webhooks = [] }) => webhooks.map(({ clientConfig }) => clientConfig));
		expect(clients).to.have.length(7);
		for (const client of clients) expect(client).to.include({ caBundle: Buffer.from(caBundle).toString('base64') });
	});

	for (const [given, ...named] of [
		[{ replica: 3 }, 'replica'],
		[{ highAvailability: true, replicas: 1 }, 'highAvailability', 'not 1'],
		[{ serve: null }, "missing property 'serve'"],
		[{ serve: { gracePeriodSeconds: 35 } }, 'serve.gracePeriodSeconds: 35 is too short for serve.preStopSeconds: 5'],
		[{ serve: { webhookPort: 8080 } }, 'serve.webhookPort and serve.metricsPort are both 8080'],
		[{ image: { repository: 'registry.example.com/scaling' } }, 'image.repository', 'begins with a registry'],
		[{ image: { repository: 'scaling:0.1.0' } }, '/image/repository', 'scaling:0.1.0'],
		[{ image: { registry: 'https://registry.example.com' } }, '/image/registry'],
		[{ image: { tag: 'a b' } }, '/image/tag', 'a b'],
		[{ serve: { operatorUsernames: [] } }, '/serve/operatorUsernames'],
		[{ certificates: { mode: 'provided', secretName: 'toolhive-scaling-certificates' } }, 'certificates.secretName'],
		[{ serve: { maxInflight: 3 } }, '/serve', 'maxInflight'],
		[{ serve: { operatorUsernames: ['a,b'] } }, '/serve/operatorUsernames/0', 'a,b'],
		[{ certificates: { mode: 'certmanager' } }, '/certificates/mode', "'self-managed', 'provided', 'cert-manager'"],
		[{ certificates: { caBundle: 'x' } }, 'certificates.caBundle', 'self-managed'],
		[{ certificates: { mode: 'provided', caBundle: 'x' } }, 'certificates.caBundle', 'PEM'],
		[{ image: { digest: 'sha256:abc' } }, '/image/digest', 'sha256:abc'],
		[{ resources: { memory: '1Gi' } }, '/resources', 'memory'],
		[{ serve: { leaderElect: false } }, 'serve.leaderElect: false needs replicas: 1, not 2'],
		[{ podSecurityContext: { fsGroup: -1 } }, '/podSecurityContext/fsGroup', 'got -1, want 0'],
		[{ hostNetwork: true, serve: { webhookPort: 443 } }, 'serve.webhookPort: 443 cannot be used'],
		[{ hostNetwork: true, serve: { metricsPort: 10250 } }, 'serve.metricsPort: 10250 cannot be used'],
		[
			{ global: { imageRegistry: 'a.example.com' }, image: { registry: '', repository: 'b.example.com/x' } },
			'global.imageRegistry, here a.example.com',
		],
	] as const) {
		it(`${JSON.stringify(given)} › refused, and the error names the value`, async () => {
			const message = await refusal(helm, given);
			for (const part of named) expect(message).to.include(part);
		});
	}
	it('numbers › the schema has the same limits as the command', () => {
		for (const flag of flags) {
			const { allowed } = SERVE_OPTIONS[flag as keyof typeof SERVE_OPTIONS];
			const [, minimum, maximum] = /^a whole number from (\d+) to (\d+)$/.exec(allowed) ?? [];
			if (maximum === undefined) continue;
			// 0 selects a random port, which does not work in a pod.
			const limits = { minimum: flag.endsWith('-port') ? 1 : Number(minimum), maximum: Number(maximum) };
			expect(schema.properties['serve']?.properties?.[chartNameOf(flag)], flag).to.include(limits);
		}
	});
});
