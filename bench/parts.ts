/** All parts of `make bench`, in the order in which docs/performance.md tells them. */
import { COMPUTE } from './compute.ts';
import { END_TO_END } from './end-to-end.ts';
import { GROWTH } from './growth.ts';
import { HTTPS } from './https.ts';
import type { Part } from './part.ts';
import { PEERS } from './peers/peers.ts';

/** A list of parts with different options and results: whoever goes through it needs only what all have. */
const part = <O, R>(one: Part<O, R>): Part => one as Part;

/** What runs without a name: all that needs nothing but this project. */
export const OWN_PARTS: readonly Part[] = [part(COMPUTE), part(HTTPS), part(END_TO_END), part(GROWTH)];
/** What runs only when it is named. */
export const NAMED_PARTS: readonly Part[] = [part(PEERS)];
export const PARTS: readonly Part[] = [...OWN_PARTS, ...NAMED_PARTS];
