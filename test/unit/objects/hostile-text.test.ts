/** Tests texts that could take long to parse. Admission runs before the API server validates a text. */
import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';
import { withoutStacks } from '../../../src/text/yaml.ts';

const FIELDS = { backendReplicas: 2, redis: { address: 'r:1', db: 0 } };

describe('texts that are slow to parse', () => {
	it('about 1 MB › unchanged, and not parsed', () => {
		const sections = '"sessionStorage": {"tls": {}}, "scaling_config": {"session_redis": {"tls": {}}}';
		const text = `{${sections}, "a": [${'{"k":1},'.repeat(120 * 1024)}1]}`;
		expect(editRunConfig(text, FIELDS, 'both')).to.equal(undefined);
		expect(runConfigHasTls(text)).to.equal(false);
		expect(editVmcpConfig(text, FIELDS.redis)).to.equal(undefined);
		expect(vmcpConfigHasTls(text)).to.equal(false);
	});
	it('a RunConfig of 500 KB › written, with less than 200 MiB of memory', () => {
		const text = `{"a": [${'{"k":1},'.repeat(60_000)}1]}`;
		const before = process.memoryUsage().heapUsed;
		expect(editRunConfig(text, FIELDS, 'both')).to.contain('"backend_replicas":2');
		expect((process.memoryUsage().heapUsed - before) / 2 ** 20).to.be.lessThan(200);
	});
	it('16 KiB of YAML errors › costs far less than the parser alone', () => {
		const text = `a: [${','.repeat(16 * 1024)}]`;
		// The least of three measurements, which a busy machine and the compiler of V8 affect least.
		const cpuMs = (work: () => unknown): number =>
			Math.min(
				...Array.from({ length: 3 }, () => {
					const before = process.cpuUsage();
					work();
					return process.cpuUsage(before).user / 1000;
				}),
			);
		expect(cpuMs(() => editVmcpConfig(text, FIELDS.redis))).to.be.below(cpuMs(() => parseDocument(text)) / 2);
	}).timeout(20_000);
	it('an error outside the parser › has a stack trace', () => {
		expect(withoutStacks(() => new Error('x').stack)).not.to.contain('\n');
		expect(() => withoutStacks(() => expect.fail('planted'))).to.throw('planted');
		expect(new Error('x').stack).to.contain('\n');
	});
});
