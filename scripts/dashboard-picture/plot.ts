/** Draws one panel of series: stacked or not, as lines or bars, as the dashboard says. */
import type { Panel } from '../../test/monitoring/dashboard.ts';
import type { Series } from '../../test/monitoring/prometheus.ts';
import { boxOf, COLORS, defaultsOf, frame, nameOf, text } from './draw.ts';
import { formatOf, ticksUpTo } from './format.ts';

/** Series of one panel, with the name that the legend gives them. */
export interface Named {
	readonly name: string;
	readonly points: readonly (readonly [number, number])[];
}

export interface Span {
	readonly fromSeconds: number;
	readonly toSeconds: number;
	readonly stepSeconds: number;
}

const PALETTE = ['#2f7ed8', '#2ca02c', '#e0912f', '#d62728', '#8d67bd', '#17a2b8', '#8c564b', '#b5a300', '#e377c2'];

export const namedOf = (legend: string, series: readonly Series[]): Named[] =>
	series.map(({ metric, values }) => ({
		name: nameOf(legend, metric),
		points: values
			.map(([at, value]): [number, number] => [at, Number(value)])
			.filter(([, value]) => Number.isFinite(value)),
	}));

export function drawSeries(panel: Panel, all: readonly Named[], span: Span): string {
	const { custom, unit } = defaultsOf(panel);
	const isStacked = custom?.stacking.mode === 'normal';
	const isBars = custom?.drawStyle === 'bars';
	const format = formatOf(unit);
	const colorOf = (name: string, index: number): string => {
		const fixed = panel.fieldConfig?.overrides.find(({ matcher }) => matcher.options === name)?.properties[0]?.value
			.fixedColor;
		return (fixed && COLORS[fixed]) ?? PALETTE[index % PALETTE.length] ?? '#333';
	};

	const { width, height } = boxOf(panel);
	const area = { left: 62, top: 30, right: width - 14, bottom: height - 42 };
	const sums = new Map<number, number>();
	const stacked = all.map(({ name, points }) => ({
		name,
		points: points.map(([at, value]) => {
			const base = isStacked ? (sums.get(at) ?? 0) : 0;
			sums.set(at, Math.max(base + value, isStacked ? 0 : (sums.get(at) ?? 0)));
			return { at, base, top: base + value };
		}),
	}));
	const ticks = ticksUpTo(Math.max(0, ...sums.values()), unit);
	const most = ticks.at(-1) ?? 1;
	const xOf = (at: number): number =>
		area.left + ((at - span.fromSeconds) / (span.toSeconds - span.fromSeconds)) * (area.right - area.left);
	const yOf = (value: number): number => area.bottom - (value / most) * (area.bottom - area.top);
	const point = (at: number, value: number): string => `${xOf(at).toFixed(1)} ${yOf(value).toFixed(1)}`;

	const grid = ticks.map(
		(tick) =>
			`<path d="M${area.left} ${yOf(tick).toFixed(1)}H${area.right}" stroke="#eceef1"/>` +
			text(area.left - 6, yOf(tick) + 4, format(tick), 'class="axis" text-anchor="end"'),
	);
	const minutes = Array.from({ length: Math.floor((span.toSeconds - span.fromSeconds) / 120) + 1 }, (_, i) => i * 2);
	const times = minutes.map((minute) =>
		text(xOf(span.fromSeconds + minute * 60), area.bottom + 14, `${minute} min`, 'class="axis" text-anchor="middle"'),
	);
	const marks = stacked.map(({ name, points }, index) => {
		const color = colorOf(name, index);
		if (isBars) {
			const wide = Math.max(2, xOf(span.fromSeconds + span.stepSeconds) - area.left - 1);
			return points
				.map(({ at, base, top }) => {
					const tall = Math.max(0, yOf(base) - yOf(top)).toFixed(1);
					return `<rect x="${(xOf(at) - wide).toFixed(1)}" y="${yOf(top).toFixed(1)}" width="${wide.toFixed(1)}" height="${tall}" fill="${color}" fill-opacity="0.8"/>`;
				})
				.join('');
		}
		return runsOf(points, span.stepSeconds)
			.map((run) => {
				const isStep = custom?.lineInterpolation === 'stepAfter';
				const steps = run.map(({ at, top }, i) =>
					isStep && i > 0 ? `H${xOf(at).toFixed(1)}V${yOf(top).toFixed(1)}` : `${i === 0 ? 'M' : 'L'}${point(at, top)}`,
				);
				const line = `<path d="${steps.join('')}" fill="none" stroke="${color}" stroke-width="1.6"/>`;
				if (!isStacked) return line;
				const back = run.toReversed().map(({ at, base }) => `L${point(at, base)}`);
				return `<path d="${steps.join('')}${back.join('')}Z" fill="${color}" fill-opacity="0.25"/>${line}`;
			})
			.join('');
	});
	const empty = all.length === 0 ? text(width / 2, height / 2, 'none', 'class="empty"') : '';
	return frame(
		panel,
		[
			...grid,
			...times,
			...marks,
			empty,
			legendOf(
				stacked.map(({ name }, i) => [name, colorOf(name, i)]),
				width,
				height,
			),
		].join(''),
	);
}

/** Without a sample for a while the line breaks, as where a pod is gone. */
function runsOf<P extends { readonly at: number }>(points: readonly P[], stepSeconds: number): P[][] {
	const runs: P[][] = [];
	for (const one of points) {
		const run = runs.at(-1);
		const before = run?.at(-1)?.at;
		if (run !== undefined && before !== undefined && one.at - before <= stepSeconds * 1.5) run.push(one);
		else runs.push([one]);
	}
	return runs;
}

/** In two lines at most; what has no room is left out. */
function legendOf(entries: readonly (readonly [string, string])[], width: number, height: number): string {
	let x = 12;
	let y = height - (entries.length > 3 ? 18 : 10);
	const drawn: string[] = [];
	for (const [name, color] of entries) {
		const wide = 20 + name.length * 5.7;
		if (x + wide > width && x > 12) {
			x = 12;
			y += 12;
		}
		if (y > height - 4) break;
		drawn.push(
			`<rect x="${x}" y="${y - 6}" width="9" height="4" fill="${color}"/>${text(x + 13, y, name, 'class="axis"')}`,
		);
		x += wide;
	}
	return drawn.join('');
}
