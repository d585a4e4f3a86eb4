/** Who leads inside `serve`: one Lease, and everything that only its holder does. */
import type { Logger } from 'pino';
import type { Connection } from '../cluster/connect.ts';
import { campaign, type Term } from '../cluster/lease.ts';
import { createOwner } from '../cluster/owner.ts';
import { INSTALLED_AS } from '../toolhive/names.ts';

export interface LeadershipOptions {
	readonly connection: Connection;
	readonly namespace: string;
	/** Unlike anybody else's. */
	readonly identity: string;
	/** False: lead without asking, for a single replica. */
	readonly isElected: boolean;
	/** The work of one term, side by side. */
	readonly duties: readonly ((term: Term) => Promise<void>)[];
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
	const lead = async (term: Term): Promise<void> => {
		await Promise.all(duties.map((duty) => duty(term)));
	};
	const onTrouble = (message: string, detail: object): void => log.warn(detail, message);
	const owner = createOwner(connection, namespace);
	const elected = async (): Promise<void> => {
		// Not worth waiting for: without it only the Lease is left behind by an uninstall.
		const told = AbortSignal.any([stopping.signal, AbortSignal.timeout(OWNER_MS)]);
		await owner
			.look(told)
			.catch((error: Error) => onTrouble('owner of the lease cannot be found', { reason: error.message }));
		const options = { connection, namespace, name: INSTALLED_AS, identity, owner, lead, onChange, onTrouble };
		await campaign(options, stopping.signal);
	};
	const running = isElected ? elected() : alone(lead, onChange, stopping.signal);
	return {
		isLeading: () => isLeading,
		stop: async () => {
			stopping.abort();
			await running;
		},
	};
}

/** One term without an election. */
async function alone(
	lead: (term: Term) => Promise<void>,
	onChange: (isLeading: boolean) => void,
	signal: AbortSignal,
): Promise<void> {
	onChange(true);
	await lead({ signal, assertLeading: () => undefined });
	onChange(false);
}
