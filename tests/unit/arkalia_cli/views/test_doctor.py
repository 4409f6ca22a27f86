"""What a cluster lacks, check by check."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from arkalia_cli.attendance import Operator
from arkalia_cli.views import doctor
from arkalia_cli.views.doctor import (
    DEFINITIONS,
    OPTIONAL,
    RIGHTS,
    STORAGE_CLASSES,
    Definition,
    Facts,
    Level,
)
from unit.arkalia_cli.rendering import rendered

HOW_TO = Path(__file__).resolve().parents[4] / "docs/how-to/look-into-a-system.md"
WELL = Facts(
    namespace="arkalia",
    version="v1.36.3",
    groups=frozenset({"arkalia.io", "metrics.k8s.io", *OPTIONAL}),
    definitions=tuple(Definition(name, ("v1alpha1",), "0.1.0") for name in DEFINITIONS),
    operators=(Operator("arkalia-system", "arkalia-operator", "0.1.0", 1),),
    default_storage_classes=("local-path",),
    refused=(),
)


def found(check, **facts):
    return next(
        each for each in doctor.findings(replace(WELL, **facts)) if each.check.startswith(check)
    )


def test_cluster_that_has_everything_is_good_but_for_what_nobody_can_know():
    others = [each for each in doctor.findings(WELL) if each.level is not Level.GOOD]

    assert [(each.check, each.level) for each in others] == [("NetworkPolicies", Level.UNKNOWN)]
    assert not doctor.something_missing(doctor.findings(WELL))


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ("v1.30.0", "good"),
        ("v1.33.1-eks-1234567", "good"),
        ("v1.29.9", "missing"),
        ("?", "missing"),
    ],
)
def test_old_kubernetes_is_missing_something(version, level):
    assert found("kubernetes", version=version).level == level


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({"definitions": ()}, "missing"),
        ({"definitions": WELL.definitions[:1]}, "missing"),
        ({"definitions": tuple(replace(d, served=("v1",)) for d in WELL.definitions)}, "missing"),
        ({"definitions": None}, "good"),
        ({"definitions": None, "groups": frozenset()}, "missing"),
    ],
)
def test_definitions_must_be_served_in_the_version_that_is_spoken(facts, level):
    assert found("CRDs", **facts).level == level


@pytest.mark.parametrize(
    ("operators", "level"),
    [
        ((), "missing"),
        ((replace(WELL.operators[0], ready=0),), "missing"),
        (None, "unknown"),
    ],
)
def test_operator_must_run(operators, level):
    finding = found("operator", operators=operators)

    assert finding.level == level
    assert finding.advice


def test_operator_and_definitions_of_different_releases_are_a_warning():
    finding = found("releases", operators=(replace(WELL.operators[0], release="0.2.0"),))

    assert finding.level is Level.WARNING
    assert "0.2.0" in finding.message


@pytest.mark.parametrize(("classes", "level"), [((), "warning"), (None, "unknown")])
def test_volumes_need_a_default_storage_class(classes, level):
    assert found("storage", default_storage_classes=classes).level == level


def test_advice_names_every_field_for_a_storage_class():
    advice = found("storage", default_storage_classes=()).advice

    assert [place for place in STORAGE_CLASSES if f"`{place}`" not in advice] == []


def test_autoscalers_need_metrics():
    assert found("metrics", groups=frozenset({"arkalia.io"})).level is Level.WARNING


@pytest.mark.parametrize("group", OPTIONAL)
def test_optional_api_that_is_absent_is_no_mistake(group):
    name, _ = OPTIONAL[group]

    finding = found(name, groups=WELL.groups - {group})

    assert finding.level is Level.ABSENT
    assert not doctor.something_missing([finding])


def test_every_right_belongs_to_a_feature_that_is_told():
    told = {each.check for each in doctor.findings(WELL)}

    assert {f"you: {each.feature}" for each in RIGHTS} <= told


def test_rights_that_the_user_lacks_are_named_with_the_role_that_has_them():
    forward = tuple(each for each in RIGHTS if each.subresource == "portforward")

    finding = found("you: open", refused=forward)

    assert finding.level is Level.WARNING
    assert finding.message == "you may not get pods/portforward, create pods/portforward"
    assert finding.advice == "Ask for the role edit in arkalia."


def test_who_lacks_several_rights_is_sent_for_the_role_that_has_all_of_them():
    finding = found("you: open", refused=tuple(each for each in RIGHTS if each.feature == "open"))

    assert finding.advice == "Ask for the role edit in arkalia."


def test_who_may_not_approve_is_sent_to_become_an_admin():
    lacking = tuple(each for each in RIGHTS if each.feature == "approve")

    finding = found("you: approve", refused=lacking)

    assert finding.message == "you may not approve arkaliasystems, create arkaliaactions"
    assert finding.advice == "Ask for the role admin in arkalia."


def test_reader_is_sent_for_the_role_that_reads():
    listing = next(each for each in RIGHTS if each.feature == "events")

    assert "role view" in found("you: events", refused=(listing,)).advice


def test_findings_are_shown_with_what_to_do_below():
    lines = rendered(doctor.text(doctor.findings(replace(WELL, operators=())))).splitlines()

    [line] = [number for number, text in enumerate(lines) if text.startswith("✖")]
    assert lines[line] == "✖ operator             no operator is installed"
    assert lines[line + 1].strip() == "Install the chart `arkalia`."


def test_json_tells_check_level_message_and_advice():
    [first, *_] = doctor.data(doctor.findings(WELL))["findings"]

    assert first == {"check": "kubernetes", "level": "good", "message": "v1.36.3", "advice": ""}


def test_rights_for_open_are_those_that_its_how_to_names():
    rows = HOW_TO.read_text("utf-8").splitlines()
    [told] = [row for row in rows if row.startswith("| `open` |")]
    named = re.sub("[`|]", " ", told).lower()

    for right in (each for each in RIGHTS if each.feature == "open"):
        assert right.verb in named
        assert right.resource.lower() in named
    assert {each.kind.plural for each in RIGHTS if each.feature == "open" and each.verb == "list"} == {
        "services", "pods",
    }  # fmt: skip
