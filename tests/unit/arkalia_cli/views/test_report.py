"""A report holds what helps and nothing secret."""

import json

import pytest
import yaml

from arkalia_cli.api_paths import POD
from arkalia_cli.attendance import Operator, attended
from arkalia_cli.system import System
from arkalia_cli.views import report
from arkalia_cli.views.doctor import Finding, Level
from arkalia_cli.views.logs import Source
from arkalia_cli.views.report import Gathered
from unit.arkalia_cli.systems import a_condition, a_system, with_conditions

PLANTED = "Zq8vLr2TnX5mWk9pBd4hYc7s"
DOWN = Operator("ops", "arkalia-operator", "0.1.0", 0)


def object_with(kind, name, **more):
    return {"kind": kind, "metadata": {"name": name, "uid": f"uid-of-{name}"}, **more}


@pytest.fixture
def texts():
    """A report on a system in each of whose parts a secret was planted."""
    said = a_condition("Ready", "False", "ProvisioningFailed", f"password={PLANTED} was refused")
    system = a_system(conditions=with_conditions(said), annotations={"note": f"token: {PLANTED}"})
    system["spec"] = {
        "modules": {"helloria": {"env": {"UPSTREAM": PLANTED}, "config": {"api_key": PLANTED}}},
        "data": {"postgresql": {"url": f"postgresql://a:{PLANTED}@db/x"}},
    }
    return report.texts(
        Gathered(
            time="2026-11-21T05:00:00Z",
            versions={"kubernetes": "v1.36.3"},
            system=system,
            objects=[
                object_with("ConfigMap", "luna-helloria", data={"x.toml": f'secret = "{PLANTED}"'}),
                object_with(
                    "Deployment", "luna-helloria",
                    spec={"env": [{"name": "A_TOKEN", "value": PLANTED}], "args": [f"--password={PLANTED}"]},
                ),
                object_with("Secret", "luna-admin", data={"password": PLANTED}),
            ],
            events=[
                {
                    "metadata": {}, "reason": "Failed", "message": f"Bearer {PLANTED}",
                    "involvedObject": {"kind": "ArkaliaSystem", "name": "luna"},
                    "lastTimestamp": "2026-11-21T04:00:00Z",
                }
            ],
            findings=[Finding("operator", Level.GOOD, "runs")],
            attendance=attended(System.from_body(system), [DOWN], [DOWN], 0.0),
            logs={Source("helloria", "h-1", "main"): f"2026-11-21T04:00:00Z api-key: {PLANTED}\n"},
            unread=["log of h-2: forbidden"],
            refused=[POD],
        )
    )  # fmt: skip


def test_planted_secrets_are_nowhere_in_the_report(texts):
    assert [path for path, text in texts.items() if PLANTED in text] == []


def test_every_place_where_a_secret_was_planted_is_in_the_report(texts):
    marked = {path for path, text in texts.items() if "REDACTED" in text}

    assert marked >= {
        "status.json",
        "events.json",
        "resources/ArkaliaSystem/luna.yaml",
        "resources/ConfigMap/luna-helloria.yaml",
        "resources/Deployment/luna-helloria.yaml",
        "logs/helloria/h-1-main.log",
    }


def test_secret_is_there_by_its_name_alone(texts):
    assert yaml.safe_load(texts["resources/Secret/luna-admin.yaml"]) == {
        "kind": "Secret",
        "metadata": {"name": "luna-admin"},
    }


def test_report_says_what_it_is_about_and_what_it_lacks(texts):
    about = json.loads(texts["about.json"])

    assert about["versions"] == {"kubernetes": "v1.36.3"}
    assert about["leftOut"] == [
        "log of h-2: forbidden", "Pod: you may not list pods",
    ]  # fmt: skip
    assert "system luna in namespace arkalia" in texts["README.txt"]


def test_report_holds_status_findings_and_events(texts):
    assert json.loads(texts["status.json"])["systems"][0]["name"] == "luna"
    assert json.loads(texts["doctor.json"])["findings"][0]["check"] == "operator"
    assert json.loads(texts["events.json"])["events"][0]["reason"] == "Failed"


def test_report_says_whether_an_operator_runs_and_which_kinds_have_no_events(texts):
    assert json.loads(texts["status.json"])["operatorRuns"] is False
    causes = {each["cause"]: each for each in json.loads(texts["events.json"])["leftOut"]}
    assert "Pod" in causes["Unreadable"]["message"]
