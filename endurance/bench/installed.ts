/** Starts the product as users run it, so that the whole process can be measured. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '../../test/harness/control-plane/start.ts';
import { imageFlags } from '../../test/harness/image.ts';
import { ROOT } from '../../test/harness/product.ts';
import { isLinux } from './linux-process.ts';

/** The flags of the image, and the heap size that Node derives from the memory limit of 512 MiB in manifests/. */
export const AS_IN_THE_POD: readonly string[] = ['--max-old-space-size=256', ...imageFlags()];

/**
 * Returns the compiled program, as in the image, because Node needs 30 MiB to run TypeScript. MAIN= selects another
 * file.
 */
export function installedWith(nodeFlags: readonly string[]): readonly string[] {
	const main = process.env['MAIN'] || join(ROOT, 'dist/main.js');
	if (!existsSync(main)) throw new Error(`${main} does not exist; run make install`);
	return [...nodeFlags, main];
}

/** Starts a control plane without other clients. */
export async function withControlPlane<T>(work: (plane: ControlPlane) => Promise<T>): Promise<T> {
	if (!isLinux())
		throw new Error('this part reads /proc, so it needs Linux; choose another one: make bench PARTS=https');
	const plane = await startControlPlane();
	try {
		return await work(plane);
	} finally {
		await plane.stop();
	}
}
