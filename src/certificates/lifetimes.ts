/** Lifetimes and waiting times. A separate file, so that verifying certificates does not load what issues them. */

export const DAY_MS = 86_400_000;

export const CA_DAYS = 5 * 365;
/** Short, because a new serving certificate of the same CA changes no caBundle. */
export const SERVING_DAYS = 90;

/**
 * Tolerates clocks that differ by hours: a replica whose clock is behind must not take a new CA for not valid yet, and as the
 * leader replace it.
 */
export const BACKDATE_MS = DAY_MS;

/** How long every caBundle must contain the next CA before it signs. API servers read a changed caBundle within 2 s. */
export const SETTLE_MS = 30_000;

/** How long caBundle keeps the previous CA. Replicas load a new certificate within 10 s; clocks may be hours off. */
export const PREVIOUS_CA_MS = DAY_MS;
