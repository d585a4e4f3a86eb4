/** How long things last. A file of its own, so that whoever only looks at certificates does not load what makes them. */

export const DAY_MS = 86_400_000;

export const AUTHORITY_DAYS = 5 * 365;
/** Short, because a serving certificate is easy to replace: same authority, so no caBundle changes. */
export const SERVING_DAYS = 90;

/**
 * Clocks differ. A certificate that begins now is refused by a machine that is a minute behind; and a replica an hour behind would take
 * what one an hour ahead has made for not valid yet, serve nothing, and as the leader replace an authority that is in use.
 */
export const BACKDATE_MS = DAY_MS;

/**
 * How long every caBundle must have trusted the next authority before a certificate of it is served. An API server follows the
 * registrations with a watch and takes a change over within a second or two; the rest is for one whose watch has just broken and
 * backs off, or whose etcd lags. Waiting costs nothing: the authority that is replaced is good for another 20 months.
 */
export const SETTLE_MS = 30_000;

/**
 * How long the former authority stays in caBundle after the certificates have changed over. Replicas take a new certificate within
 * 10 s; a day also covers a leader whose clock was an hour wrong when it issued, and a replica that was cut off for hours.
 */
export const FORMER_MS = DAY_MS;
