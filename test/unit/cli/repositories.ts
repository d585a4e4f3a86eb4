/** Folders in the shape of real repositories. `SERVER` is where the tests put one of our servers. */

export const SERVER = 'SERVER';

export interface Repository {
	readonly files: Readonly<Record<string, string | Uint8Array>>;
	/** Manifests of other kinds. */
	readonly objects: number;
	/** `file:line` of each document, or the file, that is skipped. */
	readonly skipped: readonly string[];
}

/** As control plane configuration has it: its own documents, with and without a kind. */
const TALOS = `version: v1alpha1
machine:
  type: controlplane
  install: { disk: /dev/sda }
cluster:
  clusterName: home
---
apiVersion: v1alpha1
kind: HostnameConfig
hostname: cp-1
---
apiVersion: v1alpha1
kind: WatchdogTimerConfig
device: /dev/watchdog0
timeout: 3m
`;

export const REPOSITORIES: Readonly<Record<string, Repository>> = {
	Flux: {
		files: {
			'clusters/home/kustomization.yaml': 'resources: [apps.yaml]\n',
			'clusters/home/apps.yaml':
				'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps, namespace: flux-system }\nspec:\n  path: ./apps\n  postBuild: { substitute: { N: "2" } }\n',
			'apps/search/kustomization.yaml':
				'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [server.yaml]\n',
			'apps/search/server.yaml': SERVER,
			'apps/redis/release.yaml':
				'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: redis }\nspec:\n  values:\n    extraDeploy:\n      - { apiVersion: v1, kind: Secret }\n',
			'apps/redis/values.yaml':
				'replicas: 1\nextraObjects:\n  - apiVersion: toolhive.stacklok.dev/v1beta1\n    kind: MCPServer\n    metadata: { name: inner }\n    spec: { replicas: -1 }\n',
			'.sops.yaml': 'creation_rules: [\n',
			'renovate.json': '{ "extends": ["config:recommended"], "kind:": "apiVersion:" }\n',
		},
		objects: 2,
		skipped: [
			'apps/redis/values.yaml:1',
			'apps/search/kustomization.yaml:1',
			'clusters/home/kustomization.yaml:1',
			'renovate.json:1',
		],
	},
	Talos: {
		files: {
			'talos/controlplane.yaml': TALOS,
			'talos/talconfig.yaml': 'clusterName: home\nnodes: [{ hostname: cp-1 }]\n---\n---\n# nothing\n',
			'talos/patches/kubelet.yaml': '- op: add\n  path: /machine/kubelet\n  value: { extraArgs: {} }\n',
			'cluster/kind.yaml': 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{ role: worker }]\n',
			'cluster/capi.yaml': 'apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: { name: home }\n',
			'cluster/eks.yaml': 'apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: x, region: eu }\n',
			'servers/search.yaml': SERVER,
		},
		objects: 5,
		skipped: ['talos/controlplane.yaml:1', 'talos/patches/kubelet.yaml:1', 'talos/talconfig.yaml:1'],
	},
	'Helm chart': {
		files: {
			'chart/Chart.yaml': 'apiVersion: v2\nname: search\nversion: 0.1.0\n',
			'chart/values.yaml': 'image: { tag: "1" }\nserver: { apiVersion: v1, kind: x }\n',
			'chart/values.schema.json':
				'{ "$schema": "http://json-schema.org/schema#", "properties": { "kind": { "type": "string" }, "apiVersion": {} } }\n',
			'chart/templates/server.yaml':
				'apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\nmetadata: { name: {{ .Values.x }} }\n',
			'chart/templates/tests/test.yaml': '{{- if .Values.test }}\n',
			'chart/crds/big.yaml':
				'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: things.example.com }\nspec:\n  names: { kind: MCPServer, listKind: MCPServerList }\n  versions: [{ name: v1, schema: { openAPIV3Schema: { properties: { kind: {}, apiVersion: {}, items: { type: array } } } } }]\n',
			'unlabelled/deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include "x" . }}\n',
			'rendered.yaml': `${SERVER}---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  inner.yaml: |\n    apiVersion: toolhive.stacklok.dev/v1beta1\n    kind: MCPServer\n  template: "{{ .x }}"\n`,
		},
		objects: 2,
		skipped: [
			'chart/Chart.yaml:1',
			'chart/templates',
			'chart/values.schema.json:1',
			'chart/values.yaml:1',
			'unlabelled/deployment.yaml:4:10',
		],
	},
	kustomize: {
		files: {
			'base/kustomization.yaml': 'kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n',
			'base/server.yaml': SERVER,
			'components/ha/kustomization.yaml':
				'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{ path: patch.yaml }]\n',
			'components/ha/patch.yaml': 'apiVersion: apps/v1\nkind: Deployment\nspec: { replicas: 3 }\n',
			'components/ha/delete.yaml': '$patch: delete\napiVersion: v1\nkind: Service\nmetadata: { name: 7 }\n',
			'overlays/prod/add.yaml': '- op: add\n  path: /spec/replicas\n  value: 3\n',
			'overlays/prod/add.json': '[{ "op": "remove", "path": "/metadata/labels" }]\n',
			'overlays/prod/replacements.yaml': 'source: { kind: ConfigMap, name: a }\ntargets: []\n',
		},
		objects: 2,
		skipped: [
			'base/kustomization.yaml:1',
			'components/ha/kustomization.yaml:1',
			'overlays/prod/add.json:1',
			'overlays/prod/add.yaml:1',
			'overlays/prod/replacements.yaml:1',
		],
	},
	'Argo CD': {
		files: {
			'apps/app.yaml':
				'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: a }\nspec:\n  source:\n    helm:\n      valuesObject: { apiVersion: toolhive.stacklok.dev/v1beta1, kind: MCPServer }\n',
			'apps/set.yaml':
				'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: "{{ .cluster }}-a" }\nspec: { template: { metadata: { name: "{{ .x }}" } } }\n',
			'apps/agents.yaml':
				'apiVersion: kagent.dev/v1alpha1\nkind: MCPServer\nspec: { replicas: -1, transport: stdio }\n',
			'apps/dapr.yaml':
				'apiVersion: dapr.io/v1alpha1\nkind: MCPServer\nmetadata: { name: d }\nspec: { sessionStorage: 1 }\n',
			'apps/search.yaml': SERVER,
			'empty-list.yaml': 'apiVersion: v1\nkind: List\n',
			'mixed-list.yaml': 'apiVersion: v1\nkind: List\nitems: [3, {}, { apiVersion: v1, kind: Secret }]\n',
		},
		objects: 5,
		skipped: ['mixed-list.yaml:3', 'mixed-list.yaml:3'],
	},
	'an application': {
		files: {
			'package.json': '{ "name": "x", "dependencies": {} }\n',
			'tsconfig.json':
				'{\n  // kind: of comment\n  "compilerOptions": { "strict": true, /* "apiVersion": "kind": */ },\n}\n',
			'tsconfig.build.json': '{ "extends": "./tsconfig.json", // don\'t\n}\n',
			'docker-compose.yml': 'services:\n  web: { image: "nginx:1", ports: ["80:80"] }\n',
			'ci/workflow.yml': 'on: [push]\njobs:\n  test: { runs-on: ubuntu-latest }\n',
			'latin1.yaml': Buffer.from('# \xe4\nkind: a\napiVersion: b\n', 'latin1'),
			'binary.json': Uint8Array.from([0x7f, 0x45, 0, 1, 2]),
			'twice.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, name: a }\n',
			'review.json':
				'{ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": { "allowed": true } }\n',
			'odd.yaml':
				'%YAML 1.2\n---\napiVersion: v1\nkind: Pod\nmetadata: null\n--- # fine\napiVersion: v1\nkind: Pod\nmetadata: [1]\n----\napiVersion: v1\nkind: Pod\nmetadata: { ownerReferences: 3, labels: [x] }\n...\nlost: 1\n',
			'long.json': `[\n"${'kind: apiVersion: '.repeat(600_000)}"]\n`,
			'empty.yaml': '',
			'comment.yaml': '# kind: a\n# apiVersion: b\n',
			'deploy/search.yml': SERVER,
		},
		objects: 3,
		skipped: [
			'binary.json',
			'ci/workflow.yml:1',
			'docker-compose.yml:1',
			'latin1.yaml',
			'long.json:1',
			'odd.yaml:10',
			'odd.yaml:15',
			'odd.yaml:1',
			'package.json:1',
			'review.json:1',
			'tsconfig.build.json:1',
			'tsconfig.json:2:12',
			'twice.yaml:3:22',
		],
	},
};
