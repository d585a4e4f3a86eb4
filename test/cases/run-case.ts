/** Runs a case: admits each document as the API server would, in the order of the file. */
import type { Request } from '../../src/admission/review.ts';
import type { Json } from '../../src/api/types.ts';
import { type Admitted, admit, type Handlers, requestOf } from '../../src/offline/admit.ts';

export interface Outcome extends Admitted {
	readonly request: Request;
}

export async function runCase(documents: readonly Json[], handlers: Handlers): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const [index, document] of documents.entries()) {
		const request = requestOf(document, 'default', `document-${index + 1}`);
		if ('error' in request) throw new Error(`document ${index + 1}: ${request.error}`);
		outcomes.push({ ...(await admit(request, handlers)), request });
	}
	return outcomes;
}
