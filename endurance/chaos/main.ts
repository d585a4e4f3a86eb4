/**
 * `make chaos`. SEED= sets the order, and ONLY= selects disturbances whose names contain the text. SHORT=1 runs four
 * disturbances in a minute. Without ONLY= and SHORT=, the results are written to endurance/bench/results and
 * docs/reliability.md. The last lines of the output show the number of failed checks.
 */
import { findAssets } from '../../test/harness/control-plane/assets.ts';
import { startControlPlane } from '../../test/harness/control-plane/start.ts';
import { clusterContext, textOf } from '../bench/account.ts';
import { publish } from '../bench/page.ts';
import { refuse, wholeFrom } from '../bench/variables.ts';
import { DISTURBANCES } from './disturbances.ts';
import { CHAOS, resultsOf, verdictOf } from './report.ts';
import { runChaos } from './run.ts';

/** Four short disturbances of different kinds. */
const SHORT = [
	...['watch events cut', 'API server killed, etcd compacted', 'half of the calls fail'],
	'clocks jump by hours, and back further',
];

const isShort = process.env['SHORT'] === '1';
const seed = wholeFrom('SEED', Math.floor(Math.random() * 1_000_000), 0);
const part = process.env['ONLY'] ?? '';
const all = DISTURBANCES.map(({ name }) => name);
const only = all.filter((name) => name.includes(part) && (!isShort || SHORT.includes(name)));
if (only.length === 0) refuse(`ONLY=${part}: no disturbance has that name; there are ${all.join('; ')}`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`make chaos: ${only.length} disturbances once each; SEED=${seed}`);
const around = clusterContext();
const assets = await findAssets({ env: process.env, controllerManager: true, say });
const plane = await startControlPlane({ assets, controllerManager: true });
const run = await runChaos(plane, { seed, say, only }).finally(() => plane.stop());
const recorded = { ...around, options: { seed }, results: resultsOf(run) };
say(`\n${textOf(CHAOS, recorded)}\n`);
if (only.length === all.length) await publish(CHAOS, recorded);
say(verdictOf(run.checks));
// Exits explicitly, because a frozen socket may never report that it is closed.
process.exit(recorded.results.broken.length === 0 ? 0 : 1);
