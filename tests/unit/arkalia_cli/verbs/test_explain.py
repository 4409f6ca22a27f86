"""`arkalia explain`, with what it ships."""

import pytest

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason


def test_reason_is_explained_without_a_cluster(arkalia, monkeypatch):
    monkeypatch.delenv("KUBECONFIG")

    done = arkalia("explain", "imagecannotbepulled")

    assert done.exit_code == 0
    assert Reason.IMAGE_CANNOT_BE_PULLED.meaning in done.stdout
    assert Reason.IMAGE_CANNOT_BE_PULLED.remedy in done.stdout


@pytest.mark.parametrize("word", [*ConditionType, *Reason])
def test_every_word_of_status_is_known(told, word):
    assert word.value in told("explain")


@pytest.mark.parametrize("condition", ConditionType)
def test_every_condition_says_what_to_do(told, condition):
    assert told("explain", condition.value)["sections"]["What to do"] == condition.remedy


def test_alert_brings_its_runbook(told):
    alert = told("explain", "ArkaliaModuleDown")

    assert list(alert["sections"]) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_unknown_word_ends_with_4(arkalia):
    assert arkalia("explain", "Nonsense").exit_code == 4
