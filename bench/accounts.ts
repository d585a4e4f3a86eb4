/** All that is measured and told on pages, each page in the order of its accounts. */
import { CHAOS } from '../test/chaos/report.ts';
import { FUZZ } from '../test/fuzz/report.ts';
import { SESSIONS } from '../test/sessions/report.ts';
import { SOAK } from '../test/soak/report.ts';
import type { Account } from './account.ts';
import { HOSTILE } from './hostile-report.ts';
import { PARTS } from './parts.ts';

/** Whoever goes through them needs only what all have, whatever their results are. */
const account = <O, R>(one: Account<O, R>): Account => one as Account;

export const ACCOUNTS: readonly Account[] = [
	...PARTS,
	...[account(FUZZ), account(HOSTILE), account(CHAOS), account(SOAK), account(SESSIONS)],
];
