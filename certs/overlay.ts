/** Generates a kustomization and a Secret that install manifests/ with certificates. */
import { relative, resolve, sep } from 'node:path';

/**
 * Returns the text of `secret.yaml`. A secretGenerator is not used, because kustomize breaks base64 into lines, and
 * kubectl would then report a change at every apply.
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
 * Returns the text of `kustomization.yaml` in the folder `out`. The kustomization installs the folder `base`, and
 * mounts the Secret with the folder `component`. All paths are relative to the working directory.
 */
export function overlayOf(out: string, base: string, component: string): string {
	// kustomize expects paths relative to the file, with slashes.
	const from = (folder: string): string => relative(resolve(out), resolve(folder)).split(sep).join('/');
	return `# Created by certs/make.ts. You can edit it: only --base overwrites it.
# Installs everything with the certificates in this folder: kubectl apply -k .
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

resources:
- ${from(base)}
# No hash in the name: the pods reload a new certificate, and a new name would restart them.
- secret.yaml

# The pods mount the Secret. The leader issues no certificates.
components:
- ${from(component)}

# The API server trusts the CA in caBundle, which is base64 like the data of a Secret.
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
