/** Builds cert-manager in the version that `go/go.mod` pins, and finds its CRDs. */
import { join } from 'node:path';
import type { Environment } from '../../test/harness/control-plane/run-go.ts';
import { findGoModule, findGoProgram } from '../go-program.ts';

export const CERT_MANAGER_VERSION = 'v1.21.2';

const MODULE_FOLDER = join(import.meta.dirname, 'go');

/** Returns the folder with the CRDs. The first call downloads the module and builds nothing. */
export const findCrds = async (env: Environment): Promise<string> => {
	const module = `github.com/cert-manager/cert-manager@${CERT_MANAGER_VERSION}`;
	return join(await findGoModule(module, MODULE_FOLDER, env), 'deploy/crds');
};

export const findCertManager = (env: Environment, say: (line: string) => void): Promise<string> => {
	const name = 'cert-manager';
	const program = { name, project: name, version: CERT_MANAGER_VERSION, module: MODULE_FOLDER, source: '.' };
	return findGoProgram(program, env, say);
};
