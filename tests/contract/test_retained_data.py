"""The policy that guards kept data knows it by what the operator writes on it."""

import subprocess
from pathlib import Path

import yaml

from arkalia_contract import labels
from arkalia_operator.api.resources import SYSTEM_KIND
from arkalia_operator.desired.kinds import CLUSTER, CONFIG_MAP, PERSISTENT_VOLUME_CLAIM, SECRET

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "templates/retained-data.yaml"
OUTLIVE = (PERSISTENT_VOLUME_CLAIM, SECRET, CONFIG_MAP, CLUSTER)


def policy():
    command = ["helm", "template", "arkalia", ROOT / "charts/arkalia", "--show-only", TEMPLATE]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return next(yaml.safe_load_all(text))["spec"]


def test_policy_is_about_every_kind_that_outlives_a_system():
    rules = policy()["matchConstraints"]["resourceRules"]

    found = {
        (group, name) for each in rules for group in each["apiGroups"] for name in each["resources"]
    }
    groups = {kind: kind.api_version.rpartition("/")[0] for kind in OUTLIVE}
    assert found == {(groups[kind], kind.plural) for kind in OUTLIVE}


def test_policy_knows_kept_data_by_the_labels_of_the_contract():
    spec = policy()

    [known] = spec["matchConstraints"]["objectSelector"]["matchExpressions"]
    assert known == {"key": labels.LINEAGE, "operator": "Exists"}
    assert f"'{labels.SYSTEM}'" in spec["variables"][0]["expression"]
    assert f"'{SYSTEM_KIND}'" in spec["matchConditions"][0]["expression"]
    [validation] = spec["validations"]
    assert f"'{labels.DELETE_DATA}'" in validation["expression"]
    assert f" {labels.DELETE_DATA}=" in validation["messageExpression"]
