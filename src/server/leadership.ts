/** Holds the Lease in `serve` and runs the work that only its holder does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { INSTALLED_AS } from '../api/names.ts';
import type { Connection } from '../cluster/connect.ts';
import { type LeaderContext, type LeaderElectionOptions, runLeaderElection } from '../cluster/leader-election.ts';
import { createOwner } from '../cluster/owner.ts';

export interface LeadershipOptions {
	readonly connection: Connection;
	readonly namespace: string;
	/** The identity, unique to each replica. */
	readonly identity: string;
	/** False for a single replica, which leads without a Lease. */
	readonly isElected: boolean;
	/** The work of one term. The functions run concurrently. */
	readonly duties: readonly ((term: LeaderContext) => Promise<void>)[];
	readonly log: Logger;
}

export interface Leadership {
	readonly isLeading: () => boolean;
	/** Ends the term and releases the Lease. */
	readonly stop: () => Promise<void>;
}

const OWNER_MS = 5_000;

export function startLeadership({
	connection,
	namespace,
	identity,
	isElected,
	duties,
	log,
}: LeadershipOptions): Leadership {
	const stopping = new AbortController();
	let isLeading = false;
	const onChange = (now: boolean): void => {
		isLeading = now;
		log.info({ identity }, now ? 'leading' : 'not leading');
	};
	const lead = (term: LeaderContext): Promise<void> => runConcurrently(duties, term);
	const warn = (message: string, detail: object): void => log.warn(detail, message);
	const owner = createOwner(connection, namespace);
	const elected = async (): Promise<void> => {
		// Waits only briefly for the owner. If the owner is not found, the only consequence is that the Lease remains after
		// an uninstall.
		const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(OWNER_MS)]);
		await owner
			.find(signal)
			.catch((error: Error) => warn('owner of the Lease cannot be read', { reason: error.message }));
		const options = { connection, namespace, name: INSTALLED_AS, identity, owner, lead, onChange, warn };
		await runLeaderElection(options, stopping.signal);
	};
	const running = isElected ? elected() : leadAlone({ lead, onChange, warn }, stopping.signal);
	return {
		isLeading: () => isLeading,
		stop: async () => {
			stopping.abort();
			await running;
		},
	};
}

/** Runs `duties` and aborts the others if one fails. Resolves when all have ended, so that two terms never overlap. */
async function runConcurrently(duties: LeadershipOptions['duties'], term: LeaderContext): Promise<void> {
	const failing = new AbortController();
	const signal = AbortSignal.any([term.signal, failing.signal]);
	const outcomes = await Promise.allSettled(
		duties.map((duty) =>
			duty({ ...term, signal }).catch((error: Error) => {
				failing.abort();
				throw error;
			}),
		),
	);
	const failed = outcomes.find((outcome) => outcome.status === 'rejected');
	if (failed !== undefined) throw failed.reason;
}

const RETRY_MS = 2_000;

/** Leads without an election. As with an election, a term that fails is followed by another. */
async function leadAlone(
	{ lead, onChange, warn }: Pick<LeaderElectionOptions, 'lead' | 'onChange' | 'warn'>,
	signal: AbortSignal,
): Promise<void> {
	while (!signal.aborted) {
		onChange(true);
		await lead({ signal, assertLeading: () => undefined }).catch((error: Error) =>
			warn('term failed', { reason: error.message }),
		);
		onChange(false);
		await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
	}
}
