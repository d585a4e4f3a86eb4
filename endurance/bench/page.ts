/** The pages about measurements: written by hand, except for the figures, which are made of what was recorded. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, type Recorded, record, recordedOf, textOf } from './account.ts';
import { ACCOUNTS } from './accounts.ts';

const ROOT = join(import.meta.dirname, '../..');

const begin = ({ name, command }: Account): string => `<!-- ${name}: written by \`${command}\` from here -->`;
const END = '<!-- to here -->';

/** The pages as they should be now. Throws where an account has no place on its own. */
export const measuredPages = (): { file: string; text: string }[] =>
	[...Map.groupBy(ACCOUNTS, ({ page }) => page)].map(([file, accounts]) => ({
		file,
		text: accounts.reduce(withFigures, readFileSync(join(ROOT, file), 'utf8')),
	}));

export function writePages(): void {
	for (const { file, text } of measuredPages()) writeFileSync(join(ROOT, file), text);
}

/** Records what was measured, and writes its page. */
export async function publish<O, R>(account: Account<O, R>, recorded: Recorded<O, R>): Promise<void> {
	record(account, recorded);
	writePages();
}

function withFigures(text: string, account: Account): string {
	const from = text.indexOf(begin(account));
	const to = text.indexOf(END, from);
	if (from === -1 || to === -1) throw new Error(`${account.page} has lost its lines ${begin(account)} and ${END}`);
	return `${text.slice(0, from)}${begin(account)}\n\n${figuresOf(account)}\n\n${text.slice(to)}`;
}

function figuresOf(account: Account): string {
	const recorded = recordedOf(account);
	if (recorded === undefined) return 'Not measured yet.';
	return [origin(recorded), textOf(account, recorded)].join('\n\n');
}

function origin({ date, machine, versions }: Recorded): string {
	const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const { cores, cpu, platform, loadBefore } = machine;
	const load = loadBefore === undefined ? '' : ` Load average before: ${loadBefore}.`;
	return `${date}, ${cores} cores of ${cpu}, ${platform}; ${programs.join(', ')}.${load}`;
}
