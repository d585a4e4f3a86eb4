import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { downloadPrograms } from '../../harness/control-plane/download.ts';

describe('archive with the programs of a control plane', () => {
	it('a wrong checksum › refused, and nothing is unpacked', async () => {
		const parent = mkdtempSync(join(tmpdir(), 'download-'));
		const folder = join(parent, 'plane');
		// The body of a data: URL is its text, which is not the archive.
		const error = await downloadPrograms(folder, () => undefined, 'data:,x').catch((reason: unknown) => reason);
		expect(error)
			.to.be.instanceOf(Error)
			.with.property('message')
			.that.matches(/^checksum of data:,x.*, expected /);
		expect(existsSync(folder)).to.equal(false);
		rmSync(parent, { recursive: true });
	});
});
