/** Tests texts that could take long to parse. Admission runs before the API server validates a text. */
import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { editRunConfig, runConfigHasTls } from '../../../src/objects/run-config-json.ts';
import { editVmcpConfig, vmcpConfigHasTls } from '../../../src/objects/vmcp-config-yaml.ts';
import { withoutStacks } from '../../../src/text/yaml.ts';

const FIELDS = { backendReplicas: 2, redis: { address: 'r:1', db: 0 } };
const SIZE = 980 * 1024;

describe('texts that are slow to parse', () => {
	for (const [title, text] of [
		['one long flow list', `{"tls": 1, "a": [${'1,'.repeat(SIZE / 2)}1]}`],
		['many small objects', `{"tls": 1, "a": [${'{"k":1},'.repeat(SIZE / 8)}1]}`],
		['many lines', `tls: 1\na:\n${'- 1\n'.repeat(SIZE / 4)}`],
	] as const) {
		it(`${title} of about 1 MB › unchanged, and not parsed`, () => {
			expect(editRunConfig(text, FIELDS, 'both')).to.equal(undefined);
			expect(editVmcpConfig(text, FIELDS.redis)).to.equal(undefined);
			expect([runConfigHasTls(text), vmcpConfigHasTls(text)]).to.deep.equal([false, false]);
		});
	}
	it('a RunConfig of 500 KB › written, with less than 200 MiB of memory', () => {
		const text = `{"a": [${'{"k":1},'.repeat(60_000)}1]}`;
		const before = process.memoryUsage().heapUsed;
		expect(editRunConfig(text, FIELDS, 'both')).to.contain('"backend_replicas":2');
		expect((process.memoryUsage().heapUsed - before) / 2 ** 20).to.be.lessThan(200);
	});

	it('16 KiB of YAML errors › costs far less than the parser alone', () => {
		const text = `a: [${','.repeat(16 * 1024)}]`;
		const cpuMs = (work: () => unknown): number => {
			const before = process.cpuUsage();
			work();
			return process.cpuUsage(before).user / 1000;
		};
		const alone = cpuMs(() => parseDocument(text));
		expect(cpuMs(() => editVmcpConfig(text, FIELDS.redis))).to.be.below(alone / 2);
		expect(cpuMs(() => vmcpConfigHasTls(text))).to.be.below(alone / 2);
	});
	it('an error outside the parser › has a stack trace', () => {
		const fail = (): never => {
			throw new Error('planted');
		};
		expect(withoutStacks(() => new Error('x').stack)).not.to.contain('\n');
		expect(() => withoutStacks(fail)).to.throw('planted');
		expect(new Error('x').stack).to.contain('\n');
	});
});
