"""The CustomResourceDefinitions: `python -m arkalia_operator.api.crds [--check]`.

Writes `crds/`, and the same into the operator's chart between its switches and into the chart that
holds nothing else. The API server stores what a user wrote: defaults are told in the descriptions
and applied when the operator reads (docs/decisions/0002-defaults-are-applied-when-read.md). A new
system's status alone is filled in (docs/decisions/0075-a-system-that-nobody-looks-at-says-so.md).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pydantic import BaseModel

from arkalia_operator.api import API_VERSION, GROUP, VERSION
from arkalia_operator.api.arkaliaaction import ArkaliaActionSpec, ArkaliaActionStatus
from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec, ArkaliaSystemStatus
from arkalia_operator.api.base import DNS_LABEL, rule, rules
from arkalia_operator.api.data import STORAGE_RULES
from arkalia_operator.api.explained import explained
from arkalia_operator.api.first_status import NOT_LOOKED_AT
from arkalia_operator.api.generated import GeneratedFiles, header, run
from arkalia_operator.api.resources import (
    ACTION_KIND,
    ACTION_PLURAL,
    MODULE_KIND,
    MODULE_PLURAL,
    SYSTEM_KIND,
    SYSTEM_PLURAL,
)
from arkalia_operator.api.structural import Schema, structural_schema

COMMAND: Final = "python -m arkalia_operator.api.crds"
HEADER: Final = header(COMMAND, "operator/arkalia_operator/api/")
CHART: Final = "arkalia"
CRD_CHART: Final = "arkalia-crds"
READY: Final = '.status.conditions[?(@.type=="Ready")]'


def column(name: str, json_path: str, kind: str = "string", priority: int = 0) -> dict[str, Any]:
    """A column of `kubectl get`; priority 1 shows it with `-o wide` only."""
    return {"name": name, "type": kind, "jsonPath": json_path} | (
        {"priority": priority} if priority else {}
    )


@dataclass(frozen=True, slots=True)
class Resource:
    """What a CRD says beside the schema of its spec."""

    kind: str
    plural: str
    short_name: str
    description: str
    word: str
    """What people call it."""

    longest_name: int
    """Most characters of `metadata.name`: names of children are made of it and stay below 63."""

    example_name: str
    columns: tuple[dict[str, Any], ...]
    spec: type[BaseModel]
    status: type[BaseModel] | None = None
    first_status: dict[str, Any] | None = None
    """What the API server says of it until the operator does."""

    spec_required: bool = False
    rules: tuple[dict[str, str], ...] = ()
    """What takes spec, status or the object's former state together."""

    @property
    def name(self) -> str:
        """Name of the CRD."""
        return f"{self.plural}.{GROUP}"


SYSTEM: Final = Resource(
    kind=SYSTEM_KIND,
    plural=SYSTEM_PLURAL,
    short_name="ark",
    description="One AI platform: apply it, and its modules run; status tells how far it is.",
    word="system",
    longest_name=24,
    example_name="luna",
    columns=(
        column("Ready", f"{READY}.status"),
        column("Modules", ".status.modulesReady"),
        column("Version", ".status.version"),
        column("Reason", f"{READY}.reason"),
        column("Age", ".metadata.creationTimestamp", "date"),
        column("Message", f"{READY}.message", priority=1),
    ),
    rules=STORAGE_RULES,
    spec=ArkaliaSystemSpec,
    status=ArkaliaSystemStatus,
    first_status=NOT_LOOKED_AT,
)
MODULE: Final = Resource(
    kind=MODULE_KIND,
    plural=MODULE_PLURAL,
    short_name="arkmod",
    description=(
        "A module that systems of the namespace can have: what it is, needs and offers. It joins "
        "a system that lists it in spec.modules."
    ),
    word="module",
    longest_name=30,
    example_name="weather",
    columns=(
        column("Image", ".spec.image.repository"),
        column("Public", ".spec.public", "boolean"),
        column("Age", ".metadata.creationTimestamp", "date"),
    ),
    spec=ArkaliaModuleSpec,
    spec_required=True,
)
ACTION: Final = Resource(
    kind=ACTION_KIND,
    plural=ACTION_PLURAL,
    short_name="arkact",
    description=(
        "Something that a person or a program wants done to a system of the namespace, once: so "
        "far, the approval of a plan."
    ),
    word="action",
    longest_name=63,
    example_name="luna-approve",
    columns=(
        column("System", ".spec.system"),
        column("Kind", ".spec.kind"),
        column("By", ".spec.approvedBy"),
        column("Phase", ".status.phase"),
        column("Age", ".metadata.creationTimestamp", "date"),
        column("Message", ".status.message", priority=1),
    ),
    spec=ArkaliaActionSpec,
    status=ArkaliaActionStatus,
    spec_required=True,
)
RESOURCES: Final = (SYSTEM, MODULE, ACTION)


def crd(resource: Resource) -> dict[str, Any]:
    """The CustomResourceDefinition of *resource*."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": resource.name},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [resource.short_name],
                "categories": ["arkalia"],
            },
            "versions": [_version(resource)],
        },
    }


def _version(resource: Resource) -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        **({"subresources": {"status": {}}} if resource.status else {}),
        "additionalPrinterColumns": list(resource.columns),
        "schema": {"openAPIV3Schema": _filled_in(explained(whole_schema(resource)), resource)},
    }


def _filled_in(schema: Schema, resource: Resource) -> Schema:
    """*schema* with the status of a new object, the one default that the API server applies.

    It takes no status when it stores a new object, so this one is not stored with it.
    """
    if resource.first_status is None:
        return schema
    fields = schema["properties"]
    status = fields["status"] | {"default": resource.first_status}
    return schema | {"properties": fields | {"status": status}}


def whole_schema(resource: Resource) -> Schema:
    """The schema of the whole object, with real defaults."""
    return {
        "description": resource.description,
        "type": "object",
        **({"required": ["spec"]} if resource.spec_required else {}),
        **rules(_name_rule(resource), *resource.rules),
        "properties": {
            "apiVersion": {"description": f"Always {API_VERSION}.", "type": "string"},
            "kind": {"description": f"Always {resource.kind}.", "type": "string"},
            "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
            "spec": structural_schema(resource.spec),
            **({"status": structural_schema(resource.status)} if resource.status else {}),
        },
    }


def _name_rule(resource: Resource) -> dict[str, str]:
    return rule(
        f"self.metadata.name.size() <= {resource.longest_name} "
        f"&& self.metadata.name.matches('{DNS_LABEL}')",
        f"{_with_article(resource.word)}'s name has at most {resource.longest_name} lower-case letters, digits "
        f"and hyphens, starts with a letter and ends with a letter or digit: write for example "
        f"{resource.example_name}",
    ) | {"fieldPath": ".metadata.name"}


def _with_article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


class _PlainDumper(yaml.SafeDumper):
    """YAML without anchors: Kubernetes' own tools never write them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def as_yaml(document: dict[str, Any]) -> str:
    """*document* in the order in which it was written."""
    return yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, width=98, allow_unicode=True)


def in_chart(document: dict[str, Any], chart: str) -> str:
    """*document* as a template of *chart*, which has a helper for labels and one for annotations."""
    metadata, rest = as_yaml(document).split("\nspec:\n")
    if "{{" in metadata + rest:
        msg = f"{document['metadata']['name']} holds {{{{, which Helm would read as a template"
        raise ValueError(msg)
    return (
        f"{HEADER}"
        f"{metadata}\n"
        "  labels:\n"
        f'    {{{{- include "{chart}.labels" . | nindent 4 }}}}\n'
        f'  {{{{- include "{chart}.crdAnnotations" . | nindent 2 }}}}\n'
        f"spec:\n{rest}"
    )


def switched(template: str) -> str:
    """*template* for a chart in which `crds.enabled` decides whether the CRDs are part of it."""
    return f"{{{{- if .Values.crds.enabled }}}}\n{template}{{{{- end }}}}\n"


def generated_files() -> GeneratedFiles:
    """The CRDs: for people, for the operator's chart, and for the chart of the CRDs alone."""
    texts = {}
    for resource in RESOURCES:
        document, file = crd(resource), f"{GROUP}_{resource.plural}.yaml"
        texts[f"crds/{file}"] = HEADER + as_yaml(document)
        texts[f"charts/{CHART}/templates/crds/{file}"] = switched(in_chart(document, CHART))
        texts[f"charts/{CRD_CHART}/templates/{file}"] = in_chart(document, CRD_CHART)
    homes = (
        "crds/*.yaml",
        f"charts/{CHART}/templates/crds/*.yaml",
        f"charts/{CRD_CHART}/templates/*.yaml",
    )
    return GeneratedFiles(COMMAND, texts, homes)


if __name__ == "__main__":
    sys.exit(run(generated_files()))
