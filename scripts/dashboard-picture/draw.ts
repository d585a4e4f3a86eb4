/** Draws panels of the dashboard as SVG: their own titles, units, colours and places. Not Grafana, and does not try to look like it. */
import type { Panel } from '../../test/monitoring/dashboard.ts';
import type { Sample } from '../../test/monitoring/prometheus.ts';
import { formatOf } from './format.ts';

const COLUMN = 60;
const UNIT = 31;
const GAP = 8;
export const WIDTH = 24 * COLUMN;
export const heightOf = (panels: readonly Panel[]): number =>
	Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)) * UNIT;

export const COLORS: Readonly<Record<string, string>> = {
	green: '#2e9e4f',
	orange: '#e07b1a',
	yellow: '#c9a600',
	red: '#d0312d',
	'dark-red': '#7d1512',
	blue: '#2f6fd0',
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
export const text = (x: number, y: number, content: string, more = ''): string =>
	`<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(content)}</text>`;

export const nameOf = (legend: string, metric: Readonly<Record<string, string>>): string =>
	legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');

export const defaultsOf = ({ fieldConfig, title }: Panel) => {
	if (fieldConfig === undefined) throw new Error(`${title} is no panel`);
	return fieldConfig.defaults;
};

export const boxOf = ({ gridPos: { x, y, w, h } }: Panel) => ({
	left: x * COLUMN + GAP / 2,
	top: y * UNIT + GAP / 2,
	width: w * COLUMN - GAP,
	height: h * UNIT - GAP,
});

export const frame = (panel: Panel, inside: string): string => {
	const { left, top, width, height } = boxOf(panel);
	const rect = `<rect width="${width}" height="${height}" rx="3" fill="#fff" stroke="#d8dbe0"/>`;
	return `<g transform="translate(${left} ${top})">${rect}${text(10, 18, panel.title, 'class="title"')}${inside}</g>`;
};

export const drawRow = ({ title, gridPos: { y } }: Panel): string => text(6, y * UNIT + 22, title, 'class="row"');

export function drawStat(panel: Panel, samples: readonly Sample[]): string {
	const { width, height } = boxOf(panel);
	const defaults = defaultsOf(panel);
	const [sample] = samples;
	const value = Number(sample?.value[1] ?? Number.NaN);
	const isName = panel.options?.textMode === 'name';
	const legend = panel.targets?.[0]?.legendFormat ?? '';
	const shown =
		sample === undefined ? 'no data' : isName ? nameOf(legend, sample.metric) : formatOf(defaults.unit)(value);
	const reached = (defaults.thresholds?.steps ?? []).filter((step) => step.value === null || value >= step.value);
	const color = COLORS[reached.at(-1)?.color ?? ''] ?? '#333';
	return frame(panel, text(width / 2, height / 2 + 20, shown, `class="stat" style="fill:${color}"`));
}

export const page = (inside: string, height: number, caption: string): string => `<!doctype html><meta charset="utf-8">
<style>body{margin:0;background:#f4f5f7}
text{font:12px "DejaVu Sans",sans-serif;fill:#3a3f47}
.title{font-weight:bold}.row{font-size:15px;font-weight:bold;fill:#22252b}.axis{font-size:10px;fill:#6b7280}
.stat{font-size:25px;text-anchor:middle}.empty{text-anchor:middle;fill:#9aa0a8}</style>
<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height + 26}">${inside}
${text(6, height + 16, caption, 'class="axis"')}</svg>
`;
