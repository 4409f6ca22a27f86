"""The parts of a CRD beside the schema, and its way into the chart."""

import pytest
import yaml

from arkalia_operator.api.crds import (
    CHART,
    CRD_CHART,
    MODULE,
    SYSTEM,
    as_yaml,
    column,
    crd,
    generated_files,
    in_chart,
    switched,
)


def test_system_has_the_names_that_people_type():
    assert crd(SYSTEM)["spec"]["names"] == {
        "kind": "ArkaliaSystem",
        "listKind": "ArkaliaSystemList",
        "plural": "arkaliasystems",
        "singular": "arkaliasystem",
        "shortNames": ["ark"],
        "categories": ["arkalia"],
    }


def test_module_has_the_short_name_that_people_type():
    assert crd(MODULE)["spec"]["names"]["shortNames"] == ["arkmod"]


@pytest.mark.parametrize(
    ("resource", "columns"),
    [
        (SYSTEM, ["Ready", "Modules", "Version", "Reason", "Age"]),
        (MODULE, ["Image", "Public", "Age"]),
    ],
)
def test_get_shows_these_columns(resource, columns):
    printed = crd(resource)["spec"]["versions"][0]["additionalPrinterColumns"]

    assert [each["name"] for each in printed if "priority" not in each] == columns


def test_wide_get_of_a_system_shows_the_message_too():
    assert (
        column("Message", '.status.conditions[?(@.type=="Ready")].message', priority=1)
        in (crd(SYSTEM)["spec"]["versions"][0]["additionalPrinterColumns"])
    )


def test_status_is_a_subresource_when_there_is_one():
    versions = [crd(resource)["spec"]["versions"][0] for resource in (SYSTEM, MODULE)]

    assert ["subresources" in version for version in versions] == [True, False]


def test_yaml_holds_no_anchors_when_a_part_is_shared():
    shared = {"a": 1}

    assert as_yaml({"one": shared, "two": shared}) == "one:\n  a: 1\ntwo:\n  a: 1\n"


def test_template_of_the_operators_chart_stands_between_its_switch():
    lines = switched(in_chart(crd(SYSTEM), CHART)).splitlines()

    assert lines[0] == "{{- if .Values.crds.enabled }}"
    assert lines[-1] == "{{- end }}"


def test_template_asks_the_helpers_of_its_own_chart():
    text = in_chart(crd(SYSTEM), CRD_CHART)

    assert '{{- include "arkalia-crds.labels" . | nindent 4 }}' in text
    assert '{{- include "arkalia-crds.crdAnnotations" . | nindent 2 }}' in text


def test_chart_template_is_the_crd_when_helm_has_taken_its_lines():
    text = in_chart(crd(SYSTEM), CHART)
    plain = "\n".join(line for line in text.splitlines() if "{{" not in line)

    assert yaml.safe_load(plain)["spec"] == crd(SYSTEM)["spec"]


def test_chart_template_is_refused_when_helm_would_read_a_description():
    document = crd(SYSTEM)
    document["spec"]["note"] = "{{ .Values.x }}"

    with pytest.raises(ValueError, match=r"^arkaliasystems\.arkalia\.io holds \{\{"):
        in_chart(document, CHART)


def test_generated_files_are_one_for_people_and_one_for_each_chart_of_each_kind():
    assert sorted(generated_files().texts) == [
        "charts/arkalia-crds/templates/arkalia.io_arkaliaactions.yaml",
        "charts/arkalia-crds/templates/arkalia.io_arkaliamodules.yaml",
        "charts/arkalia-crds/templates/arkalia.io_arkaliasystems.yaml",
        "charts/arkalia/templates/crds/arkalia.io_arkaliaactions.yaml",
        "charts/arkalia/templates/crds/arkalia.io_arkaliamodules.yaml",
        "charts/arkalia/templates/crds/arkalia.io_arkaliasystems.yaml",
        "crds/arkalia.io_arkaliaactions.yaml",
        "crds/arkalia.io_arkaliamodules.yaml",
        "crds/arkalia.io_arkaliasystems.yaml",
    ]
