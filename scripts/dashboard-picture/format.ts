/** Numbers with their unit, as short as Grafana writes them. */

type Format = (value: number) => string;

const short: Format = (value) => {
	if (value !== 0 && Math.abs(value) < 0.01) return value.toExponential(0);
	return String(Number(value.toPrecision(3)));
};

const SECONDS: readonly (readonly [number, string])[] = [
	[31_557_600, 'years'],
	[86_400, 'days'],
	[3_600, 'h'],
	[60, 'min'],
	[1, 's'],
	[0.001, 'ms'],
	[0.000_001, 'µs'],
];

const seconds: Format = (value) => {
	if (value === 0) return '0 s';
	const [size, name] = SECONDS.find(([one]) => Math.abs(value) >= one) ?? [1, 's'];
	return `${short(value / size)} ${name}`;
};

const FORMATS: Readonly<Record<string, Format>> = {
	none: short,
	reqps: (value) => `${short(value)} req/s`,
	s: seconds,
	bytes: (value) => `${short(value / 2 ** 20)} MiB`,
};

export function formatOf(unit: string): Format {
	const format = FORMATS[unit];
	if (format === undefined)
		throw new Error(`the picture knows no unit ${unit}: add it to scripts/dashboard-picture/format.ts`);
	return format;
}

/** What a round number of the unit is: 1 MiB, and of times as long as `most` a minute or a day. */
function roundIn(unit: string, most: number): number {
	if (unit === 'bytes') return 2 ** 20;
	return unit === 's' ? ([86_400, 60].find((size) => most > size) ?? 1) : 1;
}

/** Round numbers from 0 on, about four, that reach `most`. */
export function ticksUpTo(most: number, unit: string): number[] {
	const size = roundIn(unit, most);
	const rough = (most || 1) / size / 4;
	const magnitude = 10 ** Math.floor(Math.log10(rough));
	const step = magnitude * ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10);
	return Array.from({ length: Math.ceil((most || 1) / size / step) + 1 }, (_, index) => index * step * size);
}
