/** Who leads inside `serve`: one Lease, and everything that only its holder does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { INSTALLED_AS } from '../api/names.ts';
import type { Connection } from '../cluster/connect.ts';
import { type LeaderContext, type LeaderElectionOptions, runLeaderElection } from '../cluster/leader-election.ts';
import { createOwner } from '../cluster/owner.ts';

export interface LeadershipOptions {
	readonly connection: Connection;
	readonly namespace: string;
	/** Unlike anybody else's. */
	readonly identity: string;
	/** False: lead without asking, for a single replica. */
	readonly isElected: boolean;
	/** The work of one term, side by side. */
	readonly duties: readonly ((term: LeaderContext) => Promise<void>)[];
	readonly log: Logger;
}

export interface Leadership {
	readonly isLeading: () => boolean;
	/** Ends the term and gives the Lease up. */
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
	const lead = (term: LeaderContext): Promise<void> => sideBySide(duties, term);
	const warn = (message: string, detail: object): void => log.warn(detail, message);
	const owner = createOwner(connection, namespace);
	const elected = async (): Promise<void> => {
		// Not worth waiting for: without it only the Lease is left behind by an uninstall.
		const told = AbortSignal.any([stopping.signal, AbortSignal.timeout(OWNER_MS)]);
		await owner
			.find(told)
			.catch((error: Error) => warn('owner of the lease cannot be found', { reason: error.message }));
		const options = { connection, namespace, name: INSTALLED_AS, identity, owner, lead, onChange, warn };
		await runLeaderElection(options, stopping.signal);
	};
	const running = isElected ? elected() : alone({ lead, onChange, warn }, stopping.signal);
	return {
		isLeading: () => isLeading,
		stop: async () => {
			stopping.abort();
			await running;
		},
	};
}

/** One that fails ends the others. The term is over when all have ended, or the next one would begin beside what is left of it. */
async function sideBySide(duties: LeadershipOptions['duties'], term: LeaderContext): Promise<void> {
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

const AGAIN_MS = 2_000;

/** Terms without an election; one that fails is followed by another, as with one. */
async function alone(
	{ lead, onChange, warn }: Pick<LeaderElectionOptions, 'lead' | 'onChange' | 'warn'>,
	signal: AbortSignal,
): Promise<void> {
	while (!signal.aborted) {
		onChange(true);
		await lead({ signal, assertLeading: () => undefined }).catch((error: Error) =>
			warn('term failed', { reason: error.message }),
		);
		onChange(false);
		await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
	}
}
