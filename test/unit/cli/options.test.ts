import { expect } from 'chai';
import { describe, it } from 'mocha';
import { SERVE_OPTIONS, settingsOf } from '../../../src/cli/flags.ts';
import {
	boolean,
	commaList,
	createCommand,
	environmentName,
	label,
	type Option,
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
} as const;

describe('commands options', () => {
	it('fall back where nothing is given', () => {
		expect(readOptions(TABLE, [], {})).to.deep.equal({ port: 8443, layout: 'both', 'user-names': ['a', 'b'] });
	});

	it('come from the environment, and a flag beats it', () => {
		const env = { THV_SCALING_PORT: '1', THV_SCALING_LAYOUT: 'top-level', THV_SCALING_FILE: 'x' };
		const values = readOptions(TABLE, ['--port', '2', '--user-names=c, d,,'], env);
		expect(values).to.deep.equal({ file: 'x', port: 2, layout: 'top-level', 'user-names': ['c', 'd'] });
	});

	it('read a label', () => {
		const chosenBy = (given: string) => readOptions(TABLE, [`--chosen=${given}`], {}).chosen;
		expect(chosenBy('example.com/a-b=c.d')).to.deep.equal({ key: 'example.com/a-b', value: 'c.d' });
		expect(chosenBy('a=')).to.deep.equal({ key: 'a', value: '' });
	});

	it('do not look at a bad variable that a flag beats', () => {
		expect(readOptions(TABLE, ['--port=2'], { THV_SCALING_PORT: 'bad' }).port).to.equal(2);
	});

	const wrong: readonly (readonly [args: string[], env: Record<string, string>, message: string])[] = [
		[['--port', 'http'], {}, '--port is "http"; allowed: a whole number from 0 to 65535'],
		[['--port', '65536'], {}, '--port is "65536"; allowed: a whole number from 0 to 65535'],
		[['--port=-1'], {}, '--port is "-1"; allowed: a whole number from 0 to 65535'],
		[['--port', '1.5'], {}, '--port is "1.5"; allowed: a whole number from 0 to 65535'],
		[['--port', '1e3'], {}, '--port is "1e3"; allowed: a whole number from 0 to 65535'],
		[['--port', ''], {}, '--port is ""; allowed: a whole number from 0 to 65535'],
		[['--layout', 'Both'], {}, '--layout is "Both"; allowed: both or top-level'],
		[['--chosen', 'a'], {}, '--chosen is "a"; allowed: a label such as toolhive-scaling/enabled=true'],
		[['--chosen', 'a in (b)'], {}, '--chosen is "a in (b)"; allowed: a label'],
		[['--chosen', 'a=b=c'], {}, '--chosen is "a=b=c"; allowed: a label'],
		[['--chosen', '=b'], {}, '--chosen is "=b"; allowed: a label'],
		[['--file', ''], {}, '--file is ""; allowed: a file'],
		[['--file', '--port=1'], {}, '--file is "--port=1"; allowed: a file'],
		[['--user-names', ' , '], {}, '--user-names is " , "; allowed: names'],
		[[], { THV_SCALING_PORT: '80a' }, 'THV_SCALING_PORT is "80a"; allowed: a whole number from 0 to 65535'],
		[[], { THV_SCALING_PORT: '' }, 'THV_SCALING_PORT is ""; allowed: a whole number from 0 to 65535'],
		[[], { THV_SCALING_LAYOUT: 'x\ny' }, 'THV_SCALING_LAYOUT is "x\\ny"; allowed: both or top-level'],
	];
	for (const [args, env, message] of wrong) {
		it(`refuse ${JSON.stringify([...args, env])} and say what is allowed`, () => {
			expect(() => readOptions(TABLE, args, env)).to.throw(UsageError, message);
		});
	}

	for (const args of [['--nope', '1'], ['--port'], ['positional'], ['-p', '1'], ['--no-port']]) {
		it(`refuse ${args.join(' ')} in one line`, () => {
			const refused = (): unknown => readOptions(TABLE, args, {});
			expect(refused).to.throw(UsageError).with.property('message').that.includes(args[0]);
			expect(refused).not.to.throw(/\n/);
		});
	}

	it('know a variable that is most likely misspelt', () => {
		const env = { THV_SCALING_PROT: '1', THV_SCALING_PORT: '1', PORT: '1', THV_SCALING_USER_NAMES: 'a' };
		expect(unknownVariables(TABLE, env)).to.deep.equal(['THV_SCALING_PROT']);
	});

	it('are all described, with default, variable and what is allowed', () => {
		const description = createCommand('serve', SERVE_OPTIONS).helpInformation().replace(/\s+/g, ' ');
		for (const [flag, { allowed, help, fallback, isBoolean }] of Object.entries<Option<unknown>>(SERVE_OPTIONS)) {
			const values = isBoolean ? `Off: --no-${flag}` : `Allowed: ${allowed}`;
			const usual = fallback === undefined ? '' : ` (default ${fallback})`;
			expect(description, flag).to.match(new RegExp(` --${flag} (<value> )?`));
			expect(description).to.include(`${help} ${values}${usual}. Variable: ${environmentName(flag)}.`);
		}
	});

	for (const [args, env, expected] of [
		[[], {}, { on: true, off: false }],
		[['--off', '--no-on'], {}, { on: false, off: true }],
		[['--off=true', '--on=false'], {}, { on: false, off: true }],
		[['--off=false', '--on=true'], { THV_SCALING_OFF: 'true', THV_SCALING_ON: 'false' }, { on: true, off: false }],
		[[], { THV_SCALING_OFF: 'true', THV_SCALING_ON: 'false' }, { on: false, off: true }],
		[['--no-on', '--on'], {}, { on: true, off: false }],
	] as const) {
		it(`a boolean › ${JSON.stringify([args, env])} › ${JSON.stringify(expected)}`, () => {
			const table = { on: { ...boolean, help: 'On.', fallback: 'true' }, off: { ...boolean, help: 'Off.' } };
			expect(readOptions(table, args, env)).to.deep.equal(expected);
		});
	}
	for (const [args, env, message] of [
		[['--reconcile=no'], {}, '--reconcile is "no"; allowed: true or false'],
		[['--reconcile='], {}, '--reconcile is ""; allowed: true or false'],
		[['--reconcile', 'false'], {}, 'too many arguments'],
		[[], { THV_SCALING_RECONCILE: '0' }, 'THV_SCALING_RECONCILE is "0"; allowed: true or false'],
	] as const) {
		it(`a boolean › ${JSON.stringify([args, env])} › refused`, () => {
			expect(() => readOptions(SERVE_OPTIONS, args, env)).to.throw(UsageError, message);
		});
	}

	it('a boolean › after -- › an argument', () =>
		expect(withPlainBooleans(['--reconcile=false', '--', '--reconcile=false'], SERVE_OPTIONS)).to.deep.equal([
			'--no-reconcile',
			'--',
			'--reconcile=false',
		]));

	it('have fallbacks that are allowed', () => {
		expect(readOptions(SERVE_OPTIONS, [], {})).to.include({
			'webhook-port': 8443,
			'metrics-port': 8080,
			'max-in-flight': 200,
		});
	});
});

describe('commands options › grace period and preStop', () => {
	const settings = (...args: string[]) => settingsOf(readOptions(SERVE_OPTIONS, args, {}));

	for (const [args, gets] of [
		[[], [45, 5]],
		[['--grace-period-seconds=36'], [36, 5]],
		[
			['--grace-period-seconds=0', '--pre-stop-seconds=0'],
			[0, 0],
		],
		[['--pre-stop-seconds=14'], [45, 14]],
	] as const) {
		it(`[${args}] › ${gets}`, () => {
			const { gracePeriodSeconds, preStopSeconds } = settings(...args);
			expect([gracePeriodSeconds, preStopSeconds]).to.deep.equal(gets);
		});
	}
	for (const [args, message] of [
		[
			['--grace-period-seconds=35'],
			'--grace-period-seconds 35 is too short for --pre-stop-seconds 5: it must be at least 36, or --pre-stop-seconds 0',
		],
		[['--grace-period-seconds=0', '--pre-stop-seconds=1'], 'it must be at least 32'],
		[['--pre-stop-seconds=15'], '--grace-period-seconds 45 is too short for --pre-stop-seconds 15'],
		[['--pre-stop-seconds=86400', '--grace-period-seconds=86400'], 'it must be at least 86431'],
		[['--pre-stop-seconds=86401'], '--pre-stop-seconds is "86401"; allowed: a whole number from 0 to 86400'],
		[['--pre-stop-seconds=-1'], '--pre-stop-seconds is "-1"; allowed: a whole number from 0 to 86400'],
		[['--pre-stop-seconds=5s'], '--pre-stop-seconds is "5s"; allowed: a whole number from 0 to 86400'],
	] as const) {
		it(`[${args}] › refused`, () => {
			expect(() => settings(...args)).to.throw(UsageError, message);
		});
	}
});
