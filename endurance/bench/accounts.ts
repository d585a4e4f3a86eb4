/** All that is measured and shown on pages, each page in the order of its accounts. */
import { CHAOS } from '../chaos/report.ts';
import { FUZZ } from '../fuzz/report.ts';
import { MATRIX } from '../matrix/report.ts';
import { SESSIONS } from '../sessions/report.ts';
import { SOAK } from '../soak/report.ts';
import type { Account, Part } from './account.ts';
import { END_TO_END } from './end-to-end.ts';
import { GROWTH } from './growth.ts';
import { HOSTILE } from './hostile.ts';
import { HTTPS } from './https.ts';
import { PEERS } from './peers/peers.ts';
import { RECONCILE } from './reconcile.ts';
import { REVIEW } from './review.ts';

/** Code that goes through a list needs only what all of it has, whatever the options and results are. */
const account = <O, R>(one: Account<O, R>): Account => one as Account;
const part = <O, R>(one: Part<O, R>): Part => one as Part;

/** What `make bench` runs without a name; the others have commands of their own. */
export const OWN_PARTS: readonly Part[] = [part(HTTPS), part(END_TO_END), part(GROWTH)];
export const PARTS: readonly Part[] = [...OWN_PARTS, part(PEERS), part(RECONCILE), part(REVIEW), part(HOSTILE)];

export const ACCOUNTS: readonly Account[] = [
	...PARTS,
	...[account(FUZZ), account(CHAOS), account(SOAK), account(SESSIONS), account(MATRIX)],
];
