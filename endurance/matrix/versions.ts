/** Lists the operators and Kubernetes releases in the matrix. `OPERATORS=` and `KUBERNETES=` select some of them. */
import { KUBERNETES_VERSION } from '../../test/harness/control-plane/build.ts';
import type { Environment } from '../../test/harness/control-plane/run-go.ts';
import { refuse } from '../bench/variables.ts';
import { OPERATOR_VERSION, STAND_IN_VERSION } from '../real-operator/build.ts';

export const OPERATORS: readonly string[] = [STAND_IN_VERSION, OPERATOR_VERSION, 'v0.55.1', 'v0.63.0'];

/** Maps a minor release to the patch release that is built. */
export const KUBERNETES: Readonly<Record<string, string>> = {
	'1.30': 'v1.30.14',
	'1.33': 'v1.33.13',
	'1.34': 'v1.34.4',
	'1.35': 'v1.35.4',
	'1.36': KUBERNETES_VERSION,
};

export interface Versions {
	readonly operator: string;
	/** A minor release that is a key of KUBERNETES. */
	readonly kubernetes: string;
}

/** Returns one entry per cell. An unset variable selects all versions. An unknown version ends the command. */
export function chooseCells(env: Environment): readonly Versions[] {
	const operators = choose('OPERATORS', env, OPERATORS);
	const minors = choose('KUBERNETES', env, Object.keys(KUBERNETES));
	return minors.flatMap((kubernetes) => operators.map((operator) => ({ operator, kubernetes })));
}

function choose(name: string, env: Environment, known: readonly string[]): readonly string[] {
	const chosen = env[name] ? env[name].split(',') : known;
	const unknown = chosen.filter((one) => !known.includes(one));
	if (unknown.length > 0)
		refuse(`make matrix: ${name}=${unknown.join(',')} is not in the matrix; choose from ${known.join(', ')}`);
	return chosen;
}
