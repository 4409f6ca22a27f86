from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.permissions import Right, told, verdict

PATCH = Right("deployments", "apps", "deployments", "patch")
LIST = Right("deployments", "apps", "deployments", "list")
KEYS = Right("identity of modules", "", "/openid/v1/jwks", "get")


def test_an_operator_with_all_rights_is_told_as_such():
    assert verdict(()).status == "True"
    assert verdict(()).reason == Reason.PERMISSIONS_GRANTED


def test_a_missing_right_is_told_with_its_feature_and_the_exact_rule():
    found = verdict((PATCH, KEYS, LIST))

    assert (found.status, found.reason) == ("False", Reason.PERMISSIONS_MISSING)
    assert found.message == (
        "The operator has not all rights for: deployments, identity of modules. Add to its role: "
        "{nonResourceURLs: [/openid/v1/jwks], verbs: [get]}; "
        '{apiGroups: ["apps"], resources: [deployments], verbs: [list, patch]}.'
    )


def test_right_on_one_object_is_told_with_its_name():
    lease = Right("leader election", "coordination.k8s.io", "leases", "get", "ops", "arkalia")

    assert told([lease]).endswith("resources: [leases], resourceNames: [arkalia], verbs: [get]}.")


def test_a_message_names_five_rules_and_the_number_of_the_others():
    many = [Right("all", "example.com", f"kind{number}", "get") for number in range(7)]

    assert told(many).endswith("resources: [kind4], verbs: [get]}; and 2 more.")


def test_right_is_about_a_path_or_about_a_resource():
    assert (KEYS.is_path, PATCH.is_path) == (True, False)
