/** Loaded before the program (`--import`): its wall clock goes CLOCK_AHEAD_MS before, or behind where that is negative. */
const aheadMs = Number(process.env['CLOCK_AHEAD_MS']);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
	construct: (target, args, newTarget) =>
		Reflect.construct(target, args.length === 0 ? [RealDate.now() + aheadMs] : args, newTarget),
	apply: () => new RealDate(RealDate.now() + aheadMs).toString(),
	get: (target, key, receiver) => (key === 'now' ? () => RealDate.now() + aheadMs : Reflect.get(target, key, receiver)),
});
