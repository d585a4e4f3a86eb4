/**
 * Loaded before the program (`--import`). Moves the wall clock ahead by CLOCK_AHEAD_MS, or back if the number is
 * negative. With CLOCK_AHEAD_FILE, reads the number from that file, and again on SIGUSR2. As when an administrator sets
 * the clock, performance.now() does not change.
 */
import { readFileSync } from 'node:fs';

const file = process.env['CLOCK_AHEAD_FILE'];
const read = (): number => Number(file === undefined ? process.env['CLOCK_AHEAD_MS'] : readFileSync(file, 'utf8'));
let aheadMs = read();
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
	construct: (target, args, newTarget) =>
		Reflect.construct(target, args.length === 0 ? [RealDate.now() + aheadMs] : args, newTarget),
	apply: () => new RealDate(RealDate.now() + aheadMs).toString(),
	get: (target, key, receiver) => (key === 'now' ? () => RealDate.now() + aheadMs : Reflect.get(target, key, receiver)),
});
if (file !== undefined) {
	process.on('SIGUSR2', () => {
		aheadMs = read();
	});
}
