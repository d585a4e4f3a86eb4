/** All measurements, in the order of their pages. */
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
import { REVIEW } from './review.ts';

/** The parts of `make bench`. Every other part has its own command. */
export const OWN_PARTS = [HTTPS, END_TO_END, GROWTH] as readonly unknown[] as readonly Part[];
export const PARTS = [...OWN_PARTS, REVIEW, HOSTILE] as readonly unknown[] as readonly Part[];
export const ACCOUNTS = [...PARTS, FUZZ, CHAOS, SOAK, SESSIONS, MATRIX] as readonly unknown[] as readonly Account[];
