/** Reviews manifest texts in memory. */
import { documentsIn, type Source } from '../../src/manifests/documents.ts';
import { isUnreviewed, type Problem, problemText, type Skipped } from '../../src/manifests/problem.ts';
import { type Reviewed, type ReviewOptions, review } from '../../src/offline/review.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';

/** Returns the results of `review` for `files`, in their order. Each file has a name and a text. */
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

/** Returns the results for one text. Throws if a document in it is not reviewed. */
export async function reviewed(text: string, options: Partial<ReviewOptions> = {}): Promise<Reviewed[]> {
	return (await reviewAll({ 'in.yaml': text }, options)).map((each) => {
		if (isUnreviewed(each)) throw new Error(problemText(each));
		return each;
	});
}

/** Returns the text of an MCPServer. `spec` contains lines of YAML, indented by two spaces. */
export const serverText = (name: string, spec: string): string => `---
apiVersion: toolhive.stacklok.dev/v1beta1
kind: MCPServer
metadata:
  name: ${name}
  namespace: demo
spec:
  image: ghcr.io/example/${name}:1.0.0
  transport: streamable-http
${spec}
`;

/** Returns the text of the proxy Deployment that an old operator creates for the MCPServer. */
export const deploymentText = (name: string, uid?: string): string => `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: demo
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
