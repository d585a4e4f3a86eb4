/** Reviews sent to a replica's own port at a steady rate, by somebody who is not the API server and has another certificate to trust. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { deploymentReview, runConfigReview, serverReview } from '../bench/payloads.ts';
import type { Replica } from '../chaos/replica.ts';

export interface Direct {
	/** Requests answered with 200, and those that were not. */
	readonly stop: () => Promise<{ readonly answered: number; readonly failed: number }>;
}

const CALL_MS = 5_000;

export function startDirect(replicas: readonly Replica[], perSecond: number): Direct {
	// What it shows is proved elsewhere; here it only has to answer.
	const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, connections: 4 });
	const bodies = [deploymentReview('13 KB'), runConfigReview('1.5 KB'), serverReview('50 KB')];
	let isOver = false;
	let made = 0;
	let answered = 0;
	let failed = 0;
	const call = async (replica: Replica, body: string): Promise<void> => {
		const url = `https://127.0.0.1:${replica.webhookPort()}/mutate?timeout=3s`;
		const how = { method: 'POST', body, dispatcher, headersTimeout: CALL_MS, bodyTimeout: CALL_MS } as const;
		const answer = await request(url, { ...how, headers: { 'content-type': 'application/json' } });
		await answer.body.dump();
		if (answer.statusCode !== 200) throw new Error(String(answer.statusCode));
	};
	const running = (async () => {
		while (!isOver) {
			const replica = replicas[made % replicas.length] as Replica;
			const body = bodies[made % bodies.length] as string;
			made += 1;
			await call(replica, body).then(
				() => {
					answered += 1;
				},
				() => {
					failed += 1;
				},
			);
			await sleep(1_000 / perSecond);
		}
		await dispatcher.close();
	})();
	return {
		stop: async () => {
			isOver = true;
			await running;
			return { answered, failed };
		},
	};
}
