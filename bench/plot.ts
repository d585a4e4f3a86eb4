/**
 * Draws measurements as SVG files for README and docs, in one style. Vega makes them without a browser, and the same rows always
 * make the same bytes, so that a file which changed means figures that changed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoggerInterface, parse, resetSVGDefIds, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

const PLOTS = join(import.meta.dirname, '../docs/plots');

/** One point of a line or one bar: a middle, and from where to where it spread. */
export interface Point {
	/** Which line or colour. Series are shown in the order in which they first appear. */
	readonly series: string;
	readonly value: number;
	readonly low?: number;
	readonly high?: number;
}
export interface LinePoint extends Point {
	readonly at: number;
}
export interface Bar extends Point {
	/** Bars of one group stand side by side. */
	readonly group: string;
}

export interface Axis {
	readonly title: string;
	/** Equal distances mean equal factors. Bars have no such axis: their length would mean nothing. */
	readonly isLog?: boolean;
	/** Where to put marks; without it wherever Vega likes. */
	readonly ticks?: readonly number[];
}

interface Labels {
	readonly title: string;
	readonly subtitle?: string;
	readonly y: Axis;
	/** A dashed line across the plot, for a goal. */
	readonly goal?: { readonly value: number; readonly label: string };
}

/** Lines over a number, each with a band from low to high where the points have them. */
export function linePlot({ x: across, ...labels }: Labels & { readonly x: Axis }, points: readonly LinePoint[]): Plot {
	const x = { field: 'at', type: 'quantitative', scale: scaleOf(across), axis: axisOf(across) } as const;
	const { y, color } = encodingsOf(labels, points);
	return {
		...frameOf(labels, points),
		layer: [
			...goalOf(labels, { align: 'left', x: 4 }),
			{
				mark: { type: 'area', opacity: 0.18 },
				encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
			},
			{ mark: { type: 'line', point: { size: 36 }, strokeWidth: 2 }, encoding: { x, y, color } },
		],
	};
}

/** Groups of bars, each bar with a line from low to high where it has them. */
export function barPlot(labels: Labels & { readonly x: Pick<Axis, 'title'> }, bars: readonly Bar[]): Plot {
	const { y, color } = encodingsOf(labels, bars);
	const x = { field: 'group', type: 'nominal', sort: null, title: labels.x.title, axis: { labelAngle: 0 } } as const;
	const xOffset = { field: 'series', sort: color.scale.domain };
	const spread = { x, xOffset, y: { ...y, field: 'low' }, y2: { field: 'high' } } as const;
	return {
		...frameOf(labels, bars),
		layer: [
			...goalOf(labels, { align: 'right', x: 'width' }),
			{ mark: { type: 'bar', cornerRadiusEnd: 2 }, encoding: { x, xOffset, y, color } },
			{ mark: { type: 'rule', color: WHISKER, strokeWidth: 1.75 }, encoding: spread },
		],
	};
}

/** What Vega-Lite draws: one frame with layers. */
export type Plot = Extract<TopLevelSpec, { layer: unknown }>;

/** Writes docs/plots/NAME.svg. */
export async function writePlot(name: string, plot: Plot, folder = PLOTS): Promise<void> {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, `${name}.svg`), `${await svgOf(plot)}\n`);
}

export async function svgOf(plot: Plot): Promise<string> {
	// Counted up through the process, else the same plot would differ by what was drawn before it.
	resetSVGDefIds();
	const view = new View(parse(compile(plot, { logger: STRICT }).spec), { renderer: 'none' });
	try {
		return await view.toSVG();
	} finally {
		view.finalize();
	}
}

/** What Vega would only warn of is a mistake in the plot. */
const STRICT: LoggerInterface = {
	level: () => STRICT,
	error: fail,
	warn: fail,
	info: () => STRICT,
	debug: () => STRICT,
};
function fail(...messages: readonly unknown[]): never {
	throw new Error(`plot: ${messages.join(' ')}`);
}

/** Grey and colours of middle brightness: readable on GitHub's white and on its black. */
const INK = '#7d8590';
const WHISKER = '#59636e';
const COLORS = ['#8b949e', '#2f81f7', '#d29922', '#db61a2', '#3fb950', '#a371f7'];
const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

const STYLE = {
	background: 'transparent',
	font: FONT,
	view: { stroke: null },
	title: { color: INK, subtitleColor: INK, fontSize: 15, subtitleFontSize: 12, anchor: 'start', offset: 14 },
	axis: {
		labelColor: INK,
		titleColor: INK,
		labelFontSize: 12,
		titleFontSize: 12,
		titleFontWeight: 'normal',
		titlePadding: 8,
	},
	axisX: { grid: false, labelFlush: false, domainColor: INK, tickColor: INK },
	axisY: { gridColor: INK, gridOpacity: 0.25, grid: true, domain: false, ticks: false, tickCount: 6 },
	legend: {
		labelColor: INK,
		labelFontSize: 12,
		title: null,
		orient: 'top',
		symbolType: 'square',
		symbolOpacity: 1,
		labelLimit: 0,
		offset: 4,
	},
} as const;

function frameOf({ title, subtitle, y }: Labels, points: readonly Point[]) {
	for (const { series, value } of points) {
		// Vega leaves such points out without a word.
		const isDrawable = Number.isFinite(value) && !(y.isLog && value <= 0);
		if (!isDrawable) fail(`${series} of "${title}" is ${value}, which has no place on its axis`);
	}
	return {
		$schema: 'https://vega.github.io/schema/vega-lite/v6.json',
		title: { text: title, ...(subtitle !== undefined && { subtitle: linesOf(subtitle) }) },
		data: { values: points.map((point) => ({ low: point.value, high: point.value, ...point })) },
		width: 560,
		height: 280,
		padding: 12,
		config: STYLE,
	} as const;
}

/** Without a browser Vega takes a long line for longer than it is, and leaves room for that. */
const linesOf = (text: string): string[] => text.match(/.{1,62}(?=\s|$)/g)?.map((line) => line.trim()) ?? [text];

function encodingsOf(labels: Labels, points: readonly Point[]) {
	const domain = [...new Set(points.map(({ series }) => series))];
	const marks = labels.y.isLog ? { ticks: logTicks(points), ...labels.y } : labels.y;
	return {
		y: { field: 'value', type: 'quantitative', scale: scaleOf(labels.y), axis: axisOf(marks) },
		color: { field: 'series', type: 'nominal', scale: { domain, range: COLORS } },
	} as const;
}

/** Vega would draw a line for each digit; here it is 1, 2 and 5 of a power of ten, fewer where there are many powers. */
function logTicks(points: readonly Point[]): number[] {
	const values = points.flatMap(({ value, low = value, high = value }) => [low, high]);
	const [from, to] = [Math.min(...values), Math.max(...values)];
	const first = Math.floor(Math.log10(from));
	const powers = Array.from({ length: Math.ceil(Math.log10(to)) - first + 1 }, (_, index) => first + index);
	const digits = to / from > 3_000 ? [1] : to / from > 200 ? [1, 3] : [1, 2, 5];
	const ticks = powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
	return ticks.filter((tick) => tick >= from && tick <= to);
}

const scaleOf = ({ isLog = false }: Axis) =>
	isLog ? ({ type: 'log', nice: false } as const) : ({ type: 'linear', zero: true } as const);

/** Numbers are written out: with a format of its own Vega shortens 10 to 1e+1 where the steps are whole numbers. */
const axisOf = ({ title, ticks }: Axis) =>
	({ title, ...(ticks && { values: [...ticks] }), labelExpr: "format(datum.value, ',.9~g')" }) as const;

/** `place`: where nothing is likely to cross it. Lines grow to the right, and bars stand at the left. */
function goalOf({ goal }: Labels, place: { align: 'left' | 'right'; x: number | 'width' }): Plot['layer'] {
	if (goal === undefined) return [];
	const y = { datum: goal.value };
	// One row, else it would be drawn once for each point.
	const data = { values: [{}] };
	const text = { baseline: 'bottom', dy: -3, text: goal.label, ...place } as const;
	return [
		{ data, mark: { type: 'rule', color: INK, strokeDash: [5, 4] }, encoding: { y } },
		{ data, mark: { type: 'text', color: INK, ...text }, encoding: { y } },
	];
}
