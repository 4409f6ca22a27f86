"""kstatus, Flux and Argo CD read the same out of a status, and what is shipped for them says so.

The fixtures beside the health check are objects that a real API server gave.
"""

from datetime import UTC, datetime

import pytest
import yaml

from arkalia_cli.views import status
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.first_status import NOT_LOOKED_AT
from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.verdicts import Verdict, agreeing, conditions
from status_readers import HEALTH, ROOT, argo_cd, flux, kstatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TESTS = yaml.safe_load((HEALTH / "health_test.yaml").read_text(encoding="utf-8"))["tests"]
AGREED = {
    "Healthy": ("Current", "Current"),
    "Progressing": ("InProgress", "InProgress"),
    "Degraded": ("Failed", "Failed"),
}
"""What Flux and kstatus say where Argo CD says the first."""


def fixture(test):
    return yaml.safe_load((HEALTH / test["inputPath"]).read_text(encoding="utf-8"))


def a_body(*verdicts, generation=3, observed=3):
    """A system of *generation* with a status about generation *observed*."""
    found = conditions(verdicts, [], observed, NOW)
    written = [each.model_dump(mode="json", by_alias=True) for each in found]
    return {
        "metadata": {"name": "luna", "generation": generation},
        "spec": {},
        "status": {"observedGeneration": observed, "conditions": written},
    }


def told(body):
    return argo_cd(body)[0], flux(body), kstatus(body)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test["inputPath"])
def test_argo_cd_reads_a_real_status_as_expected(test):
    status, message = argo_cd(fixture(test))

    assert {"status": status, "message": message} == test["healthStatus"]


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test["inputPath"])
def test_flux_and_kstatus_agree_with_argo_cd_about_a_real_status(test):
    body = fixture(test)

    if "status" in body:
        assert (flux(body), kstatus(body)) == AGREED[test["healthStatus"]["status"]]


def test_every_health_is_among_the_real_ones_and_so_is_every_fixture():
    assert {test["healthStatus"]["status"] for test in TESTS} == set(AGREED)
    named = {HEALTH / test["inputPath"] for test in TESTS}
    assert named == set((HEALTH / "testdata").iterdir())


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test["inputPath"])
def test_real_status_has_conditions_that_there_still_are(test):
    found = {each["type"] for each in fixture(test).get("status", {}).get("conditions", [])}

    assert found <= {str(each) for each in ConditionType}


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        ("True", ("Healthy", "Current", "Current")),
        ("Unknown", ("Progressing", "InProgress", "InProgress")),
        ("False", ("Degraded", "Failed", "Failed")),
    ],
)
def test_ready_is_read_alike_by_all(ready, expected):
    body = a_body(*agreeing(ready, Reason.ROLLING_OUT, "Half way."))

    assert told(body) == expected
    assert argo_cd(body)[1] == ("RollingOut: Half way.")


@pytest.mark.parametrize("ready", ["True", "Unknown", "False"])
def test_status_about_an_older_spec_is_progress_for_all(ready):
    body = a_body(*agreeing(ready, Reason.ROLLING_OUT, "Half way."), generation=4)

    assert told(body) == ("Progressing", "InProgress", "InProgress")
    assert "newest spec" in argo_cd(body)[1]


def test_system_of_which_nothing_was_said_is_not_done_for_argo_cd_and_flux():
    bare = {"metadata": {"name": "luna", "generation": 1}, "spec": {}}

    # kstatus takes a resource without a status for done: the API server fills one in.
    assert told(bare) == ("Progressing", "Unknown", "Current")
    assert told({**bare, "status": {}}) == ("Progressing", "InProgress", "Current")


def test_system_that_no_operator_has_looked_at_is_not_done_for_anybody():
    body = {"metadata": {"name": "luna", "generation": 1}, "spec": {}, "status": NOT_LOOKED_AT}

    assert told(body) == ("Progressing", "InProgress", "InProgress")


def test_status_without_ready_is_progress_for_argo_cd():
    accepted = Verdict(ConditionType.ACCEPTED, "True", Reason.SPEC_ACCEPTED, "Understood.")

    assert argo_cd(a_body(accepted))[0] == "Progressing"


def test_argo_cd_shows_what_is_ignored_of_a_healthy_system():
    ignored = Verdict(ConditionType.FIELDS_IGNORED, "True", Reason.UNKNOWN_FIELD, "spec.x is none.")
    body = a_body(*agreeing("True", Reason.SYSTEM_READY, "All run."), ignored)

    assert argo_cd(body) == ("Healthy", "SystemReady: All run. Without effect: spec.x is none.")


def test_settings_of_argo_cd_hold_the_program_that_was_tried():
    patch = yaml.safe_load((HEALTH.parents[1] / "argocd-cm.yaml").read_text(encoding="utf-8"))
    [(name, program)] = patch["data"].items()

    assert name == "resource.customizations.health.arkalia.io_ArkaliaSystem"
    assert program == (HEALTH / "health.lua").read_text(encoding="utf-8")


def test_how_to_shows_the_expressions_that_were_tried():
    page = (ROOT / "docs/how-to/wait-for-a-system-in-gitops.md").read_text(encoding="utf-8")

    assert "manifests/flux/health-checks.yaml" in page


GOOD_WHEN_TRUE = {
    ConditionType.READY,
    ConditionType.ACCEPTED,
    ConditionType.MODULES_READY,
    ConditionType.IDENTITY_READY,
    ConditionType.DATA_READY,
    ConditionType.CHANGES_APPROVED,
    ConditionType.PERMISSIONS_READY,
    ConditionType.EXPOSURE_READY,
    ConditionType.LLM_READY,
}


def test_command_line_knows_of_every_condition_whether_it_is_good_news():
    good, troubles = set(map(str, GOOD_WHEN_TRUE)), set(status.TROUBLES)

    assert good & troubles == set()
    assert good | troubles == set(map(str, ConditionType))
