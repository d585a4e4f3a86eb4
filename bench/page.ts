/** docs/performance.md: people write it, but for the figures of each part, which are made of what was recorded. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawPart, type Part, type Recorded, recordedOf, textOf } from './part.ts';
import { PARTS } from './parts.ts';

const FILE = 'docs/performance.md';
const PATH = join(import.meta.dirname, '..', FILE);

const begin = ({ name }: Part): string => `<!-- ${name}: written by \`make bench\` from here -->`;
const END = '<!-- to here -->';

/** The page as it should be now. Throws where a part has no place in it. */
export const performancePage = (): { file: string; text: string } => ({
	file: FILE,
	text: PARTS.reduce(withFigures, readFileSync(PATH, 'utf8')),
});

export const writePage = (): void => writeFileSync(PATH, performancePage().text);

/** Page and plots anew from what is recorded, without measuring anything. */
export async function writeFigures(): Promise<void> {
	for (const part of PARTS) await drawPart(part);
	writePage();
}

function withFigures(page: string, part: Part): string {
	const from = page.indexOf(begin(part));
	const to = page.indexOf(END, from);
	if (from === -1 || to === -1) throw new Error(`${FILE} has lost its lines ${begin(part)} and ${END}`);
	return `${page.slice(0, from)}${begin(part)}\n\n${figuresOf(part)}\n\n${page.slice(to)}`;
}

function figuresOf(part: Part): string {
	const recorded = recordedOf(part);
	if (recorded === undefined) return 'Not measured yet.';
	const pictures = Object.entries(part.plots(recorded)).map(([name, { title }]) => {
		const text = title !== null && typeof title === 'object' && 'text' in title ? String(title.text) : name;
		return `![${text}](plots/${name}.svg)`;
	});
	return [origin(recorded), ...pictures, textOf(part, recorded)].join('\n\n');
}

function origin({ date, machine, versions }: Recorded): string {
	const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const { cores, cpu, platform, loadBefore } = machine;
	const load = loadBefore === undefined ? '' : ` Load average before: ${loadBefore}.`;
	return `${date}, ${cores} cores of ${cpu}, ${platform}; ${programs.join(', ')}.${load}`;
}
