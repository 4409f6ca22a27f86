"""`arkalia approve` from the command to the action."""

import pytest

from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_system

ACTIONS = SYSTEMS.replace("arkaliasystems", "arkaliaactions")
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
PLAN = "0123456789abcdef"


@pytest.fixture
def waiting(cluster):
    """A plan of luna waits, and the user is ada."""
    system = a_system()
    system["status"]["changes"] = {"hash": PLAN}
    cluster.list(SYSTEMS, system)
    cluster.by_path[WHO] = {"status": {"userInfo": {"username": "ada"}}}
    made = {"metadata": {"name": "luna-approve-x"}, "spec": {"approvedBy": "ada"}}
    cluster.by_path[ACTIONS] = made
    return cluster


def test_plan_is_approved_in_the_users_own_name(waiting, arkalia):
    done = arkalia("approve", "luna", "--hash", PLAN, "--reason", "looked at it")

    [(_, _, _), (method, path, action)] = waiting.written
    assert done.exit_code == 0
    assert done.stdout.startswith(
        f"Plan {PLAN} of luna is approved by ada (ArkaliaAction luna-approve-x)."
    )
    assert (method, path) == ("POST", ACTIONS)
    assert action["spec"] == {
        "system": "luna",
        "kind": "ApprovePlan",
        "approvePlan": {"hash": PLAN},
        "approvedBy": "ada",
        "reason": "looked at it",
    }


def test_without_a_hash_the_plan_that_waits_is_approved(waiting, told):
    assert told("approve") == {
        "namespace": "arkalia",
        "name": "luna",
        "hash": PLAN,
        "action": "luna-approve-x",
        "approvedBy": "ada",
    }
    assert "reason" not in waiting.written[-1][2]["spec"]


def test_another_plan_than_the_one_that_waits_is_not_approved(waiting, arkalia):
    done = arkalia("approve", "--hash", "other")

    assert done.exit_code == 2
    assert f"is not the one that waits in luna: that is {PLAN}" in done.stderr
    assert waiting.written == []


def test_nothing_is_approved_where_nothing_waits(cluster, arkalia):
    cluster.list(SYSTEMS, a_system())

    done = arkalia("approve")

    assert done.exit_code == 2
    assert "no change waits" in done.stderr


def test_user_without_the_right_is_told_so(waiting, arkalia):
    waiting.by_path[ACTIONS] = 403

    assert arkalia("approve").exit_code == 5
