/** What installs manifests/ together with certificates: a kustomization and the Secret beside it. */
import { relative, resolve, sep } from 'node:path';

/**
 * `secret.yaml`. Written out and not left to kustomize's generator: that one breaks base64 into lines, which kubectl takes for a
 * change at every apply.
 */
export function secretOf(data: Readonly<Record<string, string>>): string {
	const lines = Object.entries(data).map(([name, text]) => `  ${name}: ${Buffer.from(text).toString('base64')}`);
	return `apiVersion: v1
kind: Secret
metadata:
  name: toolhive-scaling-tls
  namespace: toolhive-scaling
  labels:
    app.kubernetes.io/name: toolhive-scaling
type: kubernetes.io/tls
data:
${lines.join('\n')}
`;
}

/**
 * `kustomization.yaml` for the folder `out`, with the folder `base` as what it adds to, and `component` as what mounts the Secret. All
 * relative to the working directory.
 */
export function overlayOf(out: string, base: string, component: string): string {
	// kustomize takes paths relative to the file, with slashes.
	const from = (folder: string): string => relative(resolve(out), resolve(folder)).split(sep).join('/');
	return `# Written by certs/make.ts, which leaves it alone from now on: edit it, or delete it and have it written anew.
# Installs everything, with the certificates in this folder: kubectl apply -k .
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

resources:
- ${from(base)}
# Its name stays the same when the certificate changes: the server reloads it by itself, a new name would restart it.
- secret.yaml

# The pods mount that Secret and make none of their own.
components:
- ${from(component)}

# The API server trusts what is in caBundle, in base64, which is how a Secret holds it already.
replacements:
- source:
    kind: Secret
    name: toolhive-scaling-tls
    fieldPath: data.[ca.crt]
  targets:
  - select:
      kind: MutatingWebhookConfiguration
      name: toolhive-scaling
    fieldPaths: [webhooks.*.clientConfig.caBundle]
    options:
      create: true
  - select:
      kind: ValidatingWebhookConfiguration
      name: toolhive-scaling
    fieldPaths: [webhooks.*.clientConfig.caBundle]
    options:
      create: true
`;
}
