"""`arkalia status` from the command to the exit code, against an API server."""

import json

import pytest

from unit.arkalia_cli.api_server import Refusal
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_system

EVERYWHERE = "/apis/arkalia.io/v1alpha1/arkaliasystems"
DEPLOYMENTS = "/apis/apps/v1/deployments"


def test_ready_system_ends_with_0(cluster, arkalia):
    cluster.list(SYSTEMS, a_system())

    done = arkalia("status", "luna")

    assert done.exit_code == 0
    assert done.stdout.startswith("✔ luna (arkalia)")


def test_system_that_is_not_ready_ends_with_1(cluster, arkalia):
    cluster.list(SYSTEMS, a_system(conditions=()))

    assert arkalia("status").exit_code == 1


def test_all_systems_of_the_namespace_are_shown_without_a_name(cluster, told):
    cluster.list(SYSTEMS, a_system("luna"), a_system("sol"))

    assert [each["name"] for each in told("status")["systems"]] == ["luna", "sol"]


def test_all_namespaces_are_asked_at_once(cluster, told):
    cluster.list(EVERYWHERE, a_system("luna"))

    assert [each["name"] for each in told("status", "-A")["systems"]] == ["luna"]


def test_context_brings_its_namespace(cluster, arkalia):
    cluster.list(SYSTEMS.replace("/arkalia/", "/elsewhere/"))

    assert arkalia("status", "--context", "there").stdout.startswith("Namespace elsewhere has no")


def test_long_lists_are_read_page_by_page(cluster, told):
    pages = {
        None: {"metadata": {"continue": "next"}, "items": [a_system("luna")]},
        "next": {"metadata": {}, "items": [a_system("sol")]},
    }
    cluster.by_path[SYSTEMS] = lambda query: pages[query.get("continue")]

    assert [each["name"] for each in told("status")["systems"]] == ["luna", "sol"]


def test_misspelt_system_is_told_with_the_one_that_may_be_meant(cluster, arkalia):
    cluster.list(SYSTEMS, a_system())

    done = arkalia("status", "lunar")

    assert done.exit_code == 4
    assert done.stderr == (
        "Error: namespace arkalia has no system lunar\nDid you mean luna?\n"
    )  # fmt: skip


def test_system_of_another_namespace_is_told_with_its_place(cluster, arkalia):
    cluster.list(EVERYWHERE, a_system(namespace="moon"))

    done = arkalia("status", "luna")

    assert done.exit_code == 4
    assert "Did you mean luna -n moon?" in done.stderr


def test_namespace_without_a_system_points_to_one_that_has_some(cluster, arkalia):
    cluster.list(SYSTEMS)
    cluster.list(EVERYWHERE, a_system(namespace="moon"))

    done = arkalia("status")

    assert done.exit_code == 0
    assert done.stdout == "Namespace arkalia has no ArkaliaSystem. Did you mean luna -n moon?\n"


def test_system_is_read_by_name_where_the_user_may_not_list(cluster, arkalia):
    cluster.by_path[SYSTEMS] = 403
    cluster.by_path[f"{SYSTEMS}/luna"] = a_system()

    assert arkalia("status", "luna").exit_code == 0


@pytest.mark.parametrize(
    ("refused", "code", "hint"),
    [
        (401, 5, "log in again"),
        (403, 5, "arkalia doctor"),
        (404, 4, "Install the chart"),
        (500, 6, ""),
    ],
)
def test_refusal_is_told_in_words_with_what_to_do(cluster, arkalia, refused, code, hint):
    cluster.by_path[SYSTEMS] = refused

    done = arkalia("status")

    assert done.exit_code == code
    assert done.stderr.startswith("Error: ")
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_request_without_credentials_is_told_from_one_without_rights(cluster, arkalia):
    cluster.by_path[SYSTEMS] = lambda _: Refusal(403, 'User "system:anonymous" cannot list')

    done = arkalia("status")

    assert done.exit_code == 5
    assert "log in again" in done.stderr


@pytest.mark.parametrize(
    ("pods", "told"), [(0, False), (1, True)], ids=["no pod is ready", "a pod is ready"]
)
def test_operator_that_is_gone_is_told_before_what_it_said_last(cluster, arkalia, pods, told):
    cluster.list(SYSTEMS, a_system())
    cluster.list(DEPLOYMENTS, an_operator(pods))

    first = arkalia("status", "luna").stdout.splitlines()[0]

    assert ("No operator runs" in first) is not told
    assert json.loads(arkalia("status", "-o", "json").stdout)["operatorRuns"] is told


def test_user_who_may_not_look_for_the_operator_is_told_nothing_of_it(cluster, told):
    cluster.list(SYSTEMS, a_system())
    cluster.by_path[DEPLOYMENTS] = 403

    assert told("status")["operatorRuns"] is None


def an_operator(ready, **settings):
    env = [
        {"name": f"ARKALIA_OPERATOR_{name.upper()}", "value": settings[name]} for name in settings
    ]
    return {
        "metadata": {"name": "arkalia-operator", "namespace": "arkalia-system"},
        "spec": {"template": {"spec": {"containers": [{"name": "operator", "env": env}]}}},
        "status": {"readyReplicas": ready},
    }


@pytest.mark.parametrize(
    ("settings", "fits", "takes"),
    [
        ({}, False, True),
        ({"watch_namespaces": "moon, arkalia"}, False, True),
        ({"watch_namespaces": "moon"}, False, False),
        ({"system_selector": "tier=gold"}, True, True),
        ({"system_selector": "tier=gold"}, False, False),
    ],
)
def test_operator_takes_a_system_by_its_namespaces_and_its_selector(
    cluster, told, settings, fits, takes
):
    system = a_system()
    cluster.by_path[SYSTEMS] = lambda asked: {
        "metadata": {},
        "items": [system] if fits or "labelSelector" not in asked else [],
    }
    cluster.list(DEPLOYMENTS, an_operator(1, **settings))

    [shown] = told("status")["systems"]

    assert shown["operators"] == (["arkalia-system/arkalia-operator"] if takes else [])
    assert (shown["unattended"] is None) is takes


def test_selector_that_the_user_may_not_ask_about_is_unknown_and_no_mistake(cluster, told):
    cluster.by_path[SYSTEMS] = 403
    cluster.by_path[f"{SYSTEMS}/luna"] = a_system()
    cluster.list(DEPLOYMENTS, an_operator(1, system_selector="tier=gold"))

    [shown] = told("status", "luna")["systems"]

    assert (shown["operators"], shown["unattended"]) == (None, None)


def test_nothing_is_written_to_the_cluster(cluster, arkalia):
    cluster.list(SYSTEMS, a_system())

    arkalia("status", "luna")

    assert {method for method, _, _ in cluster.asked} == {"GET"}
