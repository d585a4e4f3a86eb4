/** Manifests given as texts, reviewed in memory. */

import { documentsIn, type Source } from '../../src/manifests/documents.ts';
import { isUnreviewed, type Problem, problemText, type Skipped } from '../../src/manifests/problem.ts';
import { type Reviewed, type ReviewOptions, review } from '../../src/offline/review.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';

/** Everything `review` says of `files`, a text each, in their order. */
export async function reviewAll(
	files: Readonly<Record<string, string>>,
	options: Partial<ReviewOptions> = {},
): Promise<(Reviewed | Problem | Skipped)[]> {
	async function* documents(): AsyncGenerator<Source | Problem | Skipped> {
		for (const [name, text] of Object.entries(files)) yield* documentsIn(name, text);
	}
	const all: (Reviewed | Problem | Skipped)[] = [];
	const given = { settings: DEFAULT_SETTINGS, namespace: 'default', ...options };
	for await (const each of review(documents, given)) all.push(each);
	return all;
}

/** The same of one text in which everything can be read. */
export async function reviewed(text: string, options: Partial<ReviewOptions> = {}): Promise<Reviewed[]> {
	return (await reviewAll({ 'in.yaml': text }, options)).map((each) => {
		if (isUnreviewed(each)) throw new Error(problemText(each));
		return each;
	});
}

/** An MCPServer as a person writes it; `spec` as lines of YAML, each with its two blanks. */
export const serverText = (name: string, spec: string, namespace = 'demo'): string => `---
apiVersion: toolhive.stacklok.dev/v1beta1
kind: MCPServer
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  image: ghcr.io/example/${name}:1.0.0
  transport: streamable-http
${spec}
`;

/** The proxy Deployment an old operator makes of it. */
export const deploymentText = (name: string, uid?: string, namespace = 'demo'): string => `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
  ownerReferences:
    - apiVersion: toolhive.stacklok.dev/v1beta1
      kind: MCPServer
      name: ${name}
${uid === undefined ? '' : `      uid: ${uid}\n`}spec:
  replicas: 1
  template:
    spec:
      containers: [{ name: toolhive, image: ghcr.io/stacklok/toolhive/proxyrunner:v0.18.0 }]
`;

export const REDIS = `  sessionStorage:
    provider: redis
    address: redis.demo.svc:6379
    passwordRef: { name: redis-auth, key: password }`;
