/** Prometheus and promtool, in the version that `go/go.mod` pins, and the CRDs of the Prometheus operator. */
import { join } from 'node:path';
import type { Environment } from '../../test/harness/control-plane/run-go.ts';
import { findGoModule, findGoProgram } from '../go-program.ts';

const MODULE_FOLDER = join(import.meta.dirname, 'go');
const OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';

export const findProgram = (
	name: 'prometheus' | 'promtool',
	env: Environment,
	say: (line: string) => void,
): Promise<string> =>
	findGoProgram(
		{
			...{ name, project: 'prometheus', version: 'v0.310.0', module: MODULE_FOLDER },
			source: `github.com/prometheus/prometheus/cmd/${name}`,
			// The build includes only the file-based service discovery, which excludes the clients of all cloud providers.
			flags: ['-tags', 'remove_all_sd'],
		},
		env,
		say,
	);

export const findOperatorCrds = async (env: Environment): Promise<string> =>
	join(await findGoModule(OPERATOR, MODULE_FOLDER, env), 'example/prometheus-operator-crd');
