/** Skips measurements on a machine without the load generator. */
import { spawnSync } from 'node:child_process';
import { before } from 'mocha';

export function needH2load(): void {
	before(function () {
		if (spawnSync('h2load', ['--version']).error !== undefined) this.skip();
	});
}
