"""The rights of the operator are those that it uses, and the chart hands out exactly these.

The other half, that a running operator uses all of them and is refused nothing, is told by
`tests/cluster/test_rights.py` on a real API server.
"""

import subprocess
from pathlib import Path

import pytest
import yaml

from arkalia_operator.cluster.lease import LeaseKey
from arkalia_operator.desired.kinds import IN_APPLY_ORDER
from arkalia_operator.rbac import INFORM, OWN, PATHS, READ, Rule, merged, rights, rules, verbs_of

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/arkalia"
RIGHTS = {
    (rule.group, resource): frozenset(rule.verbs) for rule in rules() for resource in rule.resources
}
HANDS_OUT_RIGHTS = {"bind", "escalate", "impersonate"}


def group_of(kind):
    return kind.api_version.rpartition("/")[0]


def rendered(kind, *options):
    answer = subprocess.run(
        ["helm", "template", "arkalia", str(CHART), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = yaml.load_all(answer.stdout, Loader=yaml.CSafeLoader)
    return [each for each in found if each and each["kind"] == kind]


def rights_in(role):
    return {
        (group, resource): frozenset(rule["verbs"])
        for rule in role["rules"]
        if "resources" in rule
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.mark.parametrize("kind", IN_APPLY_ORDER, ids=lambda kind: kind.name)
def test_operator_may_do_with_a_child_what_it_does_and_no_more(kind):
    assert RIGHTS[group_of(kind), kind.plural] == set(verbs_of(kind))


def test_operator_can_delete_everything_that_it_makes_but_data():
    spared = {kind.name for kind in IN_APPLY_ORDER if verbs_of(kind) != OWN}

    assert spared == {"PersistentVolumeClaim", "Cluster"}
    assert "delete" not in RIGHTS["", "persistentvolumeclaims"]
    assert "delete" not in RIGHTS["postgresql.cnpg.io", "clusters"]


def test_operator_only_reads_pods():
    assert RIGHTS["", "pods"] == set(INFORM)


def test_operator_never_writes_into_a_spec_of_the_user():
    assert RIGHTS["arkalia.io", "arkaliasystems"] == set(READ)
    assert RIGHTS["arkalia.io", "arkaliamodules"] == set(READ)


def test_operator_writes_the_status():
    assert RIGHTS["arkalia.io", "arkaliasystems/status"] == {"patch"}


def test_operator_may_block_the_deletion_of_a_system_whose_children_are_left():
    assert RIGHTS["arkalia.io", "arkaliasystems/finalizers"] == {"update"}


def test_operator_reads_and_writes_secrets_by_name_only():
    assert RIGHTS["", "secrets"] == {"get", "create", "patch"}


def test_operator_has_no_right_on_roles():
    groups = {group for group, _ in RIGHTS}

    assert "rbac.authorization.k8s.io" not in groups


def test_operator_asks_for_every_right_that_it_is_given():
    asked = list(rights({kind.name for kind in IN_APPLY_ORDER}))

    given = {(*place, verb) for place, verbs in RIGHTS.items() for verb in verbs}
    assert {(each.group, each.resource, each.verb) for each in asked if not each.is_path} == given
    assert {each.resource for each in asked if each.is_path} == set(PATHS)


def test_operator_asks_for_no_right_on_a_kind_that_is_not_served():
    optional = {kind.plural for kind in IN_APPLY_ORDER if kind.optional}

    assert optional
    assert not optional & {each.resource for each in rights(())}


def test_no_rule_uses_a_wildcard_or_hands_out_rights():
    words = {word for rule in rules() for word in (rule.group, *rule.resources, *rule.verbs)}

    assert not words & {"*", *HANDS_OUT_RIGHTS}


def test_no_resource_stands_in_two_rules():
    resources = [(rule.group, each) for rule in rules() for each in rule.resources]

    assert len(resources) == len(set(resources))


def test_rules_of_one_group_with_the_same_verbs_become_one():
    apart = [
        Rule("apps", ("get",), ("b",)),
        Rule("", ("get",), ("c",)),
        Rule("apps", ("get",), ("a",)),
    ]

    assert merged(apart) == (Rule("", ("get",), ("c",)), Rule("apps", ("get",), ("a", "b")))


def test_cluster_role_of_the_chart_has_exactly_these_rights():
    roles = {role["metadata"]["name"]: role for role in rendered("ClusterRole")}

    assert rights_in(roles["default-arkalia-operator"]) == RIGHTS


def test_cluster_role_of_the_chart_lets_the_operator_read_the_keys_of_tokens():
    roles = {role["metadata"]["name"]: role for role in rendered("ClusterRole")}
    paths = [rule for rule in roles["default-arkalia-operator"]["rules"] if "resources" not in rule]

    assert paths == [{"nonResourceURLs": list(PATHS), "verbs": ["get"]}]


def test_roles_of_watched_namespaces_have_exactly_these_rights():
    found = rendered("Role", "--set", "watchNamespaces={team-a,team-b}")
    roles = [role for role in found if not role["metadata"]["name"].endswith("-lease")]

    assert [role["metadata"]["namespace"] for role in roles] == ["team-a", "team-b"]
    assert [rights_in(role) for role in roles] == [RIGHTS, RIGHTS]


def test_operator_may_hold_its_own_lease_and_sees_no_other():
    (role,) = rendered("Role")
    (pod,) = [each["spec"]["template"]["spec"] for each in rendered("Deployment")]
    given = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    create, use = role["rules"]

    assert role["metadata"]["namespace"] == given["ARKALIA_OPERATOR_LEASE_NAMESPACE"]
    assert use["resourceNames"] == [given["ARKALIA_OPERATOR_LEASE_NAME"]]
    assert (create["verbs"], use["verbs"]) == (["create"], ["get", "update"])

    key = LeaseKey(role["metadata"]["namespace"], use["resourceNames"][0])
    asked = [each for each in rights((), key) if each.resource == "leases"]
    assert {(each.verb, each.namespace, each.name) for each in asked} == {
        ("create", key.namespace, ""),
        ("get", *key),
        ("update", *key),
    }


def test_operator_of_watched_namespaces_has_no_right_in_the_cluster():
    bindings = rendered("ClusterRoleBinding", "--set", "watchNamespaces={team-a}")

    assert bindings == []


def test_people_can_be_given_a_right_on_every_resource_of_arkalia():
    aggregated = [
        role for role in rendered("ClusterRole") if "operator" not in role["metadata"]["name"]
    ]
    covered = {resource for role in aggregated for _, resource in rights_in(role)}
    crds = [yaml.safe_load(path.read_text("utf-8")) for path in ROOT.glob("crds/*.yaml")]

    assert covered == {crd["spec"]["names"]["plural"] for crd in crds}


def test_nobody_is_given_the_right_to_write_a_status():
    aggregated = [
        role for role in rendered("ClusterRole") if "operator" not in role["metadata"]["name"]
    ]

    assert not any("/" in resource for role in aggregated for _, resource in rights_in(role))
