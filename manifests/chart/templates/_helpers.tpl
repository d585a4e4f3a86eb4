{{/* A file of manifests/, which `make manifests` copies into files/. Takes [root, name]; gives YAML without comments. */}}
{{- define "toolhive-scaling.file" -}}
{{- (index . 0).Files.Get (printf "files/%s" (index . 1)) | required (printf "files/%s is missing: run `make manifests`" (index . 1)) -}}
{{- end }}

{{/* An object of manifests/ as this release has it: in its namespace, with Helm's labels. Takes [root, object]. */}}
{{- define "toolhive-scaling.object" -}}
{{- $root := index . 0 }}
{{- $object := index . 1 }}
{{- if $object.metadata.namespace }}
{{- $_ := set $object.metadata "namespace" $root.Release.Namespace }}
{{- end }}
{{- $_ := set $object.metadata "labels" (merge $object.metadata.labels (include "toolhive-scaling.labels" $root | fromYaml)) }}
{{- toYaml $object }}
{{- end }}

{{- define "toolhive-scaling.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/version: {{ include "toolhive-scaling.labelValue" .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | include "toolhive-scaling.labelValue" | quote }}
{{- end }}

{{/* The part of a version after + is allowed in neither label nor image tag. A label value has at most 63 characters. */}}
{{- define "toolhive-scaling.labelValue" -}}
{{- . | replace "+" "_" | trunc 63 | trimAll "-_." -}}
{{- end }}

{{- define "toolhive-scaling.registry" -}}
{{- .Values.global.imageRegistry | default .Values.image.registry -}}
{{- end }}

{{- define "toolhive-scaling.image" -}}
{{- with include "toolhive-scaling.registry" . }}{{ . }}/{{ end }}
{{- with .Values.image -}}
{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion | replace "+" "_" }}{{ end }}
{{- end }}
{{- end }}

{{/* `serve` and its flags, as a list. What is a list becomes a comma list. */}}
{{- define "toolhive-scaling.args" -}}
{{- $args := list "serve" }}
{{- if ne .Values.certificates.mode "self-managed" }}
{{- $args = append $args "--tls-dir=/tls" }}
{{- end }}
{{- range $name, $value := .Values.serve }}
{{- if not (kindIs "invalid" $value) }}
{{- if kindIs "slice" $value }}{{ $value = join "," $value }}{{ end }}
{{- if kindIs "float64" $value }}{{ $value = int64 $value }}{{ end }}
{{- $args = append $args (printf "--%s=%v" (kebabcase $name) $value) }}
{{- end }}
{{- end }}
{{- if .Values.namespaceOptIn }}
{{- $args = append $args "--namespace-label=toolhive-scaling/enabled=true" }}
{{- end }}
{{- with .Values.excludeNamespaces }}
{{- $args = append $args (printf "--exclude-namespaces=%s" (join "," .)) }}
{{- end }}
{{- toYaml $args }}
{{- end }}

{{/* Empty where the field is left out. */}}
{{- define "toolhive-scaling.replicas" -}}
{{- if eq (toString .Values.replicas) "default" }}{{ ternary 3 2 .Values.highAvailability }}
{{- else if .Values.replicas }}{{ int .Values.replicas }}{{ end }}
{{- end }}

{{- define "toolhive-scaling.priorityClassName" -}}
{{- if not (kindIs "invalid" .Values.priorityClassName) }}{{ .Values.priorityClassName }}
{{- else if .Values.highAvailability }}system-cluster-critical{{ end }}
{{- end }}

{{/* Changes the webhooks of a registration in place to what the values say. Takes [root, registration]. */}}
{{- define "toolhive-scaling.registration" -}}
{{- $root := index . 0 }}
{{- $values := $root.Values }}
{{- $registration := index . 1 }}
{{- if eq $values.certificates.mode "cert-manager" }}
{{- $_ := set $registration.metadata "annotations" (dict "cert-manager.io/inject-ca-from" (printf "%s/toolhive-scaling" $root.Release.Namespace)) }}
{{- end }}
{{- range $registration.webhooks }}
{{- $_ := set .clientConfig.service "namespace" $root.Release.Namespace }}
{{- $names := first .namespaceSelector.matchExpressions }}
{{- $_ := set $names "values" (concat (without $names.values "toolhive-scaling") (list $root.Release.Namespace) $values.excludeNamespaces | uniq) }}
{{- if $values.namespaceOptIn }}
{{- $_ := set .namespaceSelector "matchLabels" (dict "toolhive-scaling/enabled" "true") }}
{{- end }}
{{- /* Otherwise the leader or the cainjector writes it, and nothing here takes it away. */}}
{{- if $values.certificates.caBundle }}
{{- $_ := set .clientConfig "caBundle" (b64enc $values.certificates.caBundle) }}
{{- end }}
{{- end }}
{{- include "toolhive-scaling.object" (list $root $registration) }}
{{- end }}
