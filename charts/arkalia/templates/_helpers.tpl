{{/* Name of the chart, or what the user put in its place. */}}
{{- define "arkalia.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Base of all names: the release, with the chart's name behind it where the release does not hold it. */}}
{{- define "arkalia.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "arkalia.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "arkalia.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* A name with a suffix: (list $ "operator"). The base gives way, so that two suffixes never meet. */}}
{{- define "arkalia.componentName" -}}
{{- $suffix := last . -}}
{{- $base := include "arkalia.fullname" (first .) | trunc (int (sub 62 (len $suffix))) | trimSuffix "-" -}}
{{- printf "%s-%s" $base $suffix -}}
{{- end -}}

{{- define "arkalia.operatorName" -}}
{{- include "arkalia.componentName" (list . "operator") -}}
{{- end -}}

{{/* Cluster-scoped names also hold the namespace, because two releases may have the same name. */}}
{{- define "arkalia.clusterName" -}}
{{- $suffix := last . -}}
{{- $top := first . -}}
{{- $base := printf "%s-%s" (include "arkalia.namespace" $top) (include "arkalia.fullname" $top) -}}
{{- printf "%s-%s" ($base | trunc (int (sub 252 (len $suffix))) | trimSuffix "-") $suffix -}}
{{- end -}}

{{- define "arkalia.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "arkalia.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "arkalia.operatorName" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What selects the operator's pods: immutable, so never a version. */}}
{{- define "arkalia.selectorLabels" -}}
app.kubernetes.io/name: {{ include "arkalia.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{/* What selects the pod of `helm test`. */}}
{{- define "arkalia.testLabels" -}}
{{- toYaml (set (include "arkalia.selectorLabels" . | fromYaml) "app.kubernetes.io/component" "test") -}}
{{- end -}}

{{/* Labels of the operator's pods: those that do not change with the chart, or every upgrade would restart it. */}}
{{- define "arkalia.podLabels" -}}
{{- $own := include "arkalia.selectorLabels" . | fromYaml -}}
{{- $shared := dict "app.kubernetes.io/part-of" "arkalia" -}}
{{- toYaml (merge $own .Values.podLabels .Values.commonLabels $shared) -}}
{{- end -}}

{{/* Labels of an object, with further ones for this object: (list $ .additionalLabels). */}}
{{- define "arkalia.labelsWith" -}}
{{- $top := first . -}}
{{- $own := include "arkalia.selectorLabels" $top | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $top.Release.Service -}}
{{- $shared := dict
  "app.kubernetes.io/part-of" "arkalia"
  "app.kubernetes.io/version" ($top.Chart.AppVersion | replace "+" "_" | trunc 63)
  "helm.sh/chart" (printf "%s-%s" $top.Chart.Name $top.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
{{- toYaml (merge $own (last .) $top.Values.commonLabels $shared) -}}
{{- end -}}

{{- define "arkalia.labels" -}}
{{- include "arkalia.labelsWith" (list . dict) -}}
{{- end -}}

{{/* Annotations of a CRD, or nothing. Written by the generated templates in crds/. */}}
{{- define "arkalia.crdAnnotations" -}}
{{- $keep := ternary (dict "helm.sh/resource-policy" "keep") dict .Values.crds.keep -}}
{{- with merge $keep .Values.crds.annotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "arkalia.registry" -}}
{{- default .Values.image.registry .Values.global.imageRegistry -}}
{{- end -}}

{{/* Where the modules' images come from: the most general wins, the operator's own is the last word. */}}
{{- define "arkalia.workloadRegistry" -}}
{{- coalesce .Values.global.imageRegistry .Values.workloadImages.registry .Values.image.registry -}}
{{- end -}}

{{/* The operator's image, in full. With a digest the tag is for people only. */}}
{{- define "arkalia.image" -}}
{{- with include "arkalia.registry" . }}{{ . }}/{{ end -}}
{{- .Values.image.repository -}}:{{- default .Chart.AppVersion .Values.image.tag -}}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* Pull secrets as Kubernetes wants them; a user may write a name or {name: ...}. */}}
{{- define "arkalia.imagePullSecrets" -}}
{{- $secrets := list -}}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets -}}
{{- $secrets = append $secrets (ternary . (dict "name" .) (kindIs "map" .)) -}}
{{- end -}}
{{- with uniq $secrets -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/* Spread constraints with the selector of the operator's pods; a rollout is spread for itself. */}}
{{- define "arkalia.topologySpread" -}}
{{- $spread := list -}}
{{- $own := dict
  "labelSelector" (dict "matchLabels" (include "arkalia.selectorLabels" . | fromYaml))
  "matchLabelKeys" (list "pod-template-hash")
-}}
{{- range .Values.topologySpreadConstraints -}}
{{- $spread = append $spread (merge (dict) . $own) -}}
{{- end -}}
{{- with $spread -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/*
"true" where an object of the Prometheus operator is to be rendered: (list $ "serviceMonitor").
Without a cluster (helm template, GitOps tools) no foreign kind is known, hence the three modes.
*/}}
{{- define "arkalia.rendersMonitoring" -}}
{{- $top := first . -}}
{{- $key := last . -}}
{{- $values := get $top.Values $key -}}
{{- $served := $top.Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
{{- if $values.enabled -}}
{{- if or $served (eq $values.renderMode "alwaysRender") -}}
true
{{- else if eq $values.renderMode "failIfMissing" -}}
{{- fail (printf "%s.enabled is true, but this cluster does not serve monitoring.coreos.com/v1. Install the Prometheus operator first, or set %s.renderMode to skipIfMissing (leave it out until it is served) or alwaysRender (render it anyway, as GitOps tools need)." $key $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
