{{/* Labels of a CRD. Named after this chart: an umbrella chart has one room for the names of all. */}}
{{- define "arkalia-crds.labels" -}}
{{- $own := dict
  "app.kubernetes.io/name" .Chart.Name
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/managed-by" .Release.Service
-}}
{{- $shared := dict
  "app.kubernetes.io/part-of" "arkalia"
  "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63)
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
{{- toYaml (merge $own .Values.commonLabels $shared) -}}
{{- end -}}

{{/* Annotations of a CRD, or nothing. */}}
{{- define "arkalia-crds.crdAnnotations" -}}
{{- $keep := ternary (dict "helm.sh/resource-policy" "keep") dict .Values.keep -}}
{{- with merge $keep .Values.annotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
