/**
 * Certificate lifetimes and delays. These constants have their own file, so that verifying a certificate does not load
 * the library that issues certificates.
 */

export const DAY_MS = 86_400_000;

export const CA_DAYS = 5 * 365;
/** A short lifetime costs nothing: a new serving certificate from the same CA changes no caBundle. */
export const SERVING_DAYS = 90;

/**
 * Certificates are valid from this long before they are issued, because clocks may differ by hours. A replica whose
 * clock is behind would otherwise reject a new CA as not yet valid and, as the leader, replace it.
 */
export const BACKDATE_MS = DAY_MS;

/**
 * How long every caBundle must contain the next CA before that CA signs. API servers read a changed caBundle within 2
 * s.
 */
export const SETTLE_MS = 30_000;

/**
 * How long caBundle keeps the previous CA. Replicas load a new certificate within 10 s, but clocks may differ by hours.
 */
export const PREVIOUS_CA_MS = DAY_MS;
