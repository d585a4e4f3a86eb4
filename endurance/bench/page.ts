/** Writes recorded figures into the pages, between two marker lines. The rest of each page is written by hand. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, type Recorded, recordedOf, resultsFile, textOf } from './account.ts';
import { ACCOUNTS } from './accounts.ts';

const ROOT = join(import.meta.dirname, '../..');
const END = '<!-- to here -->';

/** Returns the expected text of each page. Throws if a page has no markers for its account. */
export const measuredPages = (): { file: string; text: string }[] =>
	[...Map.groupBy(ACCOUNTS, ({ page }) => page)].map(([file, accounts]) => ({
		file,
		text: accounts.reduce(withFigures, readFileSync(join(ROOT, file), 'utf8')),
	}));

/** Records the results, and writes them into the pages. */
export async function publish<O, R>({ name }: Account<O, R>, recorded: Recorded<O, R>): Promise<void> {
	writeFileSync(resultsFile(name), `${JSON.stringify(recorded, undefined, '\t')}\n`);
	for (const { file, text } of measuredPages()) writeFileSync(join(ROOT, file), text);
}

function withFigures(text: string, account: Account): string {
	const begin = `<!-- ${account.name}: written by \`${account.command}\` from here -->`;
	const from = text.indexOf(begin);
	const to = text.indexOf(END, from);
	if (from === -1 || to === -1) throw new Error(`${account.page} has no lines ${begin} and ${END}`);
	const recorded = recordedOf(account);
	if (recorded === undefined) throw new Error(`${account.name} has no record; run ${account.command}`);
	const figures = `${origin(recorded)}\n\n${textOf(account, recorded)}`;
	return `${text.slice(0, from)}${begin}\n\n${figures}\n\n${text.slice(to)}`;
}

function origin({ date, machine: { cores, cpu, platform, loadBefore }, versions }: Recorded): string {
	const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const load = loadBefore === undefined ? '' : ` Load average before: ${loadBefore}.`;
	return `${date}, ${cores} cores of ${cpu}, ${platform}; ${programs.join(', ')}.${load}`;
}
