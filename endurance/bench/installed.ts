/** The product as it runs where it is installed, for measurements of a whole process. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '../../test/harness/control-plane/start.ts';
import { imageFlags } from '../../test/harness/image.ts';
import { ROOT } from '../../test/harness/product.ts';
import { isLinux } from './linux-process.ts';

/** What the image starts Node with, and the heap that Node takes for itself where it sees the limit of 512 MiB that manifests/ sets. */
export const AS_IN_THE_POD: readonly string[] = ['--max-old-space-size=256', ...imageFlags()];

/** Compiled, as the image has it: to take the types off, Node loads a compiler that weighs 30 MiB. MAIN= names another. */
export function installedWith(nodeFlags: readonly string[]): readonly string[] {
	const main = process.env['MAIN'] || join(ROOT, 'dist/main.js');
	if (!existsSync(main)) throw new Error(`${main} is not there: make install`);
	return [...nodeFlags, main];
}

/** These take minutes. */
export const printProgress = (line: string): void => void process.stderr.write(`${line}\n`);

/** One that nobody else uses. */
export async function withControlPlane<T>(work: (plane: ControlPlane) => Promise<T>): Promise<T> {
	if (!isLinux())
		throw new Error('end-to-end and growth read /proc, so they need Linux; name other parts: make bench PARTS=https');
	const plane = await startControlPlane();
	try {
		return await work(plane);
	} finally {
		await plane.stop();
	}
}
