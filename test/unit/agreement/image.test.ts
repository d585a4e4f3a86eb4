import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { read } from '../../harness/documents.ts';
import { entrypoint, imageFlags } from '../../harness/image.ts';

describe('the image', () => {
	it('runs the file that package.json names', () => {
		const { bin } = JSON.parse(read('package.json'));
		expect([entrypoint()[0], entrypoint().at(-1)]).to.deep.equal(['node', bin['thv-scaling']]);
	});

	// V8 takes flags away now and then, and the pod would not start.
	it('starts Node with flags that it knows', () => {
		expect(imageFlags()).to.not.deep.equal([]);
		const { status, stderr } = spawnSync(process.execPath, [...imageFlags(), '--version'], { encoding: 'utf8' });
		expect(stderr).to.equal('');
		expect(status).to.equal(0);
	});
});
