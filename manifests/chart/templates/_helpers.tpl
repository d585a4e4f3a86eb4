{{/* The text of a file in files/, which `make manifests` copies from manifests/. Takes [root, name]. */}}
{{- define "toolhive-scaling.file" -}}
{{- (index . 0).Files.Get (printf "files/%s" (index . 1)) | required (printf "files/%s is missing: run `make manifests`" (index . 1)) -}}
{{- end }}

{{/* The object as YAML, in the namespace of the release and with Helm's labels. Takes [root, object]. */}}
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

{{/* Labels and image tags must not contain `+`. A label value has at most 63 characters. */}}
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

{{/* `serve` and its flags, as a YAML list. A value that is a list becomes comma-separated. */}}
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

{{/* The replica count, or empty if the field is left out. */}}
{{- define "toolhive-scaling.replicas" -}}
{{- if eq (toString .Values.replicas) "default" }}{{ ternary 3 2 .Values.highAvailability }}
{{- else if .Values.replicas }}{{ int .Values.replicas }}{{ end }}
{{- end }}

{{- define "toolhive-scaling.priorityClassName" -}}
{{- if not (kindIs "invalid" .Values.priorityClassName) }}{{ .Values.priorityClassName }}
{{- else if .Values.highAvailability }}system-cluster-critical{{ end }}
{{- end }}

{{/* The webhook configuration as YAML, changed in place according to the values. Takes [root, configuration]. */}}
{{- define "toolhive-scaling.webhookConfiguration" -}}
{{- $root := index . 0 }}
{{- $values := $root.Values }}
{{- $configuration := index . 1 }}
{{- if eq $values.certificates.mode "cert-manager" }}
{{- $_ := set $configuration.metadata "annotations" (dict "cert-manager.io/inject-ca-from" (printf "%s/toolhive-scaling" $root.Release.Namespace)) }}
{{- end }}
{{- range $configuration.webhooks }}
{{- $_ := set .clientConfig.service "namespace" $root.Release.Namespace }}
{{- $names := first .namespaceSelector.matchExpressions }}
{{- $_ := set $names "values" (concat (without $names.values "toolhive-scaling") (list $root.Release.Namespace) $values.excludeNamespaces | uniq) }}
{{- if $values.namespaceOptIn }}
{{- $_ := set .namespaceSelector "matchLabels" (dict "toolhive-scaling/enabled" "true") }}
{{- end }}
{{- /* Otherwise the leader or the cainjector writes the caBundle, and an upgrade must not remove it. */}}
{{- if $values.certificates.caBundle }}
{{- $_ := set .clientConfig "caBundle" (b64enc $values.certificates.caBundle) }}
{{- end }}
{{- end }}
{{- include "toolhive-scaling.object" (list $root $configuration) }}
{{- end }}
