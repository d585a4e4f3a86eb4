/** `make control-plane`: finds, downloads or builds the programs and prints their folder. */
import { AssetsMissing, findAssets } from './assets.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

try {
	const { folder } = await findAssets({ env: process.env, controllerManager: false, say });
	try {
		await findAssets({ env: process.env, controllerManager: true, say });
	} catch (error) {
		if (!(error instanceof AssetsMissing)) throw error;
		say(`${error.message}; tests that need it are skipped`);
	}
	process.stdout.write(`${folder}\n`);
} catch (error) {
	if (!(error instanceof AssetsMissing)) throw error;
	say(error.message);
	process.exitCode = 1;
}
