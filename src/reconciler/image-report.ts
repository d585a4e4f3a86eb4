/** An Event about a proxy image that is too old for its server. At CREATE of the server its image is not known yet. */

import type { Json } from '../api/types.ts';
import { proxyDeploymentOf } from '../objects/deployment.ts';
import { imageReport } from '../policy/rules.ts';
import type { ReconcilerClient } from './client.ts';
import type { ReconcileContext } from './context.ts';
import { EVENT_REASONS } from './events.ts';

export interface ImageReport {
	/** One Event for each image and what it lacks, not one for each pass. */
	readonly report: (scene: ReconcileContext, deployment: Json) => void;
	readonly forget: (key: string) => void;
}

export function createImageReport(world: Pick<ReconcilerClient, 'tell'>): ImageReport {
	const reported = new Map<string, string>();
	return {
		report: ({ key, object, server }, deployment) => {
			const { tooOld, mayRoll } = imageReport({
				server,
				surroundings: { deployment: proxyDeploymentOf(deployment) },
			});
			const notes = [
				...(tooOld === undefined ? [] : [`${tooOld.field}: ${tooOld.message}`]),
				...(mayRoll === undefined ? [] : [mayRoll]),
			];
			const note = notes.join('; ');
			if (note === reported.get(key)) return;
			reported.delete(key);
			if (note === '') return;
			reported.set(key, note);
			world.tell(object, EVENT_REASONS.imageTooOld, note);
		},
		forget: (key) => void reported.delete(key),
	};
}
