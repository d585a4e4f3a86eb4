import { expect } from 'chai';
import { describe, it } from 'mocha';
import { SERVE_OPTIONS, settingsOf } from '../../../src/cli/flags.ts';
import {
	boolean,
	commaList,
	createCommand,
	environmentName,
	label,
	oneOf,
	readOptions,
	text,
	UsageError,
	unknownVariables,
	wholeNumber,
	withPlainBooleans,
} from '../../../src/cli/options.ts';

const TABLE = {
	file: { ...text('a file'), help: 'A file.' },
	port: { ...wholeNumber(0, 65535), help: 'A port.', fallback: '8443' },
	layout: { ...oneOf('both', 'top-level'), help: 'A layout.', fallback: 'both' },
	'user-names': { ...commaList('names'), help: 'Names.', fallback: 'a,b' },
	chosen: { ...label, help: 'A label.' },
	on: { ...boolean, help: 'On.', fallback: 'true' },
	off: { ...boolean, help: 'Off.' },
} as const;
const DEFAULTS = { port: 8443, layout: 'both', 'user-names': ['a', 'b'], on: true, off: false };
const [NUMBER, LABEL, BOOLEAN] = ['a whole number from 0 to 65535', 'a label such as', 'true or false'];

type Environment = Readonly<Record<string, string>>;
/** A row has arguments, environment variables, and either the values that differ from DEFAULTS or an error. */
const ROWS: readonly (readonly [args: readonly string[], env: Environment, expected: object | string])[] = [
	[[], {}, {}],
	[[], { THV_SCALING_PORT: '1', THV_SCALING_LAYOUT: 'top-level' }, { port: 1, layout: 'top-level' }],
	[['--port', '2'], { THV_SCALING_PORT: '1', THV_SCALING_FILE: 'x' }, { port: 2, file: 'x' }],
	[['--port=2'], { THV_SCALING_PORT: 'bad' }, { port: 2 }],
	[['--user-names=c, d,,'], {}, { 'user-names': ['c', 'd'] }],
	[['--chosen=example.com/a-b=c.d'], {}, { chosen: { key: 'example.com/a-b', value: 'c.d' } }],
	[['--chosen=a='], {}, { chosen: { key: 'a', value: '' } }],
	[['--off', '--no-on'], {}, { on: false, off: true }],
	[['--off=false', '--on=true'], { THV_SCALING_OFF: 'true', THV_SCALING_ON: 'false' }, {}],
	[['--no-on', '--on'], {}, {}],
	[['--port', '1.5'], {}, `--port is "1.5"; allowed: ${NUMBER}`],
	[['--port', '65536'], {}, `--port is "65536"; allowed: ${NUMBER}`],
	[['--layout', 'Both'], {}, '--layout is "Both"; allowed: both or top-level'],
	[['--chosen', 'a'], {}, `--chosen is "a"; allowed: ${LABEL} toolhive-scaling/enabled=true`],
	[['--chosen', 'a=b=c'], {}, `--chosen is "a=b=c"; allowed: ${LABEL}`],
	[['--file', ''], {}, '--file is ""; allowed: a file'],
	[['--file', '--port=1'], {}, '--file is "--port=1"; allowed: a file'],
	[['--user-names', ' , '], {}, '--user-names is " , "; allowed: names'],
	[['--on='], {}, `--on is ""; allowed: ${BOOLEAN}`],
	[['--on', 'false'], {}, 'too many arguments'],
	[[], { THV_SCALING_PORT: '' }, `THV_SCALING_PORT is ""; allowed: ${NUMBER}`],
	[[], { THV_SCALING_LAYOUT: 'x\ny' }, 'THV_SCALING_LAYOUT is "x\\ny"; allowed: both or top-level'],
	[['--port'], {}, '--port'],
	[['positional'], {}, 'positional'],
];

describe('readOptions', () => {
	for (const [args, env, expected] of ROWS)
		it(`${JSON.stringify([args, env])} › ${JSON.stringify(expected)}`, () => {
			const read = (): object => readOptions(TABLE, args, env);
			if (typeof expected !== 'string') expect(read()).to.deep.equal({ ...DEFAULTS, ...expected });
			else expect(read).to.throw(UsageError, expected).with.property('message').that.does.not.include('\n');
		});
	it('a boolean after -- › an argument', () => {
		const args = withPlainBooleans(['--on=false', '--', '--on=false'], TABLE);
		expect(args).to.deep.equal(['--no-on', '--', '--on=false']);
	});
	it('unknownVariables › variables of the product without an option', () => {
		const env = { THV_SCALING_PROT: '1', THV_SCALING_PORT: '1', PORT: '1', THV_SCALING_USER_NAMES: 'a' };
		expect(unknownVariables(TABLE, env)).to.deep.equal(['THV_SCALING_PROT']);
	});
	it('the help of serve › names the variable of each option', () => {
		const help = createCommand('serve', SERVE_OPTIONS).helpInformation().replace(/\s+/g, ' ');
		for (const flag of Object.keys(SERVE_OPTIONS)) expect(help).to.include(`Variable: ${environmentName(flag)}.`);
	});
});

describe('settingsOf', () => {
	for (const [args, expected] of [
		['', [45, 5]],
		['--grace-period-seconds=0 --pre-stop-seconds=0', [0, 0]],
		['--pre-stop-seconds=14', [45, 14]],
		[
			'--grace-period-seconds=35',
			'--grace-period-seconds 35 is too short for --pre-stop-seconds 5: the grace period must be at least 36, unless --pre-stop-seconds is 0',
		],
		['--grace-period-seconds=0 --pre-stop-seconds=1', 'the grace period must be at least 32'],
	] as const)
		it(`${args || 'no flags'} › ${expected}`, () => {
			const read = () => settingsOf(readOptions(SERVE_OPTIONS, args.split(' ').filter(Boolean), {}));
			if (typeof expected === 'string') expect(read).to.throw(UsageError, expected);
			else expect([read().gracePeriodSeconds, read().preStopSeconds]).to.deep.equal(expected);
		});
});
