"""A provider is told to public modules, and they alone have a way to it."""

import json

import pytest

from arkalia_operator.desired.kinds import CONFIG_MAP, NETWORK_POLICY
from builders import a_module, a_system, only, rendered

OIDC = {"issuer": "https://login.example.com:8443/realms/company", "audience": "arkalia"}
WAY = {"ports": [{"port": 8443, "protocol": "TCP"}]}


def of_module(auth, *, public):
    """What a module is told, and where it may send packets."""
    module = a_module(public=public)
    manifests = rendered(a_system(auth=auth), module).manifests
    name = "luna-alpha"
    told = only(manifests, CONFIG_MAP.name, name)["data"].get("openid.json")
    return told, only(manifests, NETWORK_POLICY.name, name)["spec"]["egress"]


def test_public_module_is_told_of_the_provider_and_reaches_it():
    told, egress = of_module({"oidc": OIDC | {"defaultRoles": ["user"]}}, public=True)

    assert json.loads(told) == OIDC | {"roles_claim": "roles", "default_roles": ["user"]}
    assert WAY in egress


def test_public_module_of_a_system_without_a_provider_is_told_so():
    told, egress = of_module({}, public=True)

    assert json.loads(told) is None
    assert WAY not in egress


def test_other_modules_are_told_nothing():
    told, egress = of_module({"oidc": OIDC}, public=False)

    assert (told, WAY in egress) == (None, False)


@pytest.mark.parametrize("auth", [{}, {"oidc": OIDC}])
def test_another_provider_makes_no_other_pods(auth):
    pods = [
        only(rendered(a_system(auth=each), a_module(public=True)).manifests, "Deployment")
        for each in ({}, auth)
    ]

    assert pods[0] == pods[1]


def told_of_sessions(auth, **needs):
    """The variables about sessions in a pod of a module that needs *needs*."""
    module = a_module(needs=needs)
    deployment = only(rendered(a_system(auth=auth), module).manifests, "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    found = {each["name"]: each.get("value") for each in container["env"]}
    return found.get("ARKALIA_SESSION_MINUTES"), found.get("ARKALIA_MFA")


def test_module_that_people_log_in_to_is_told_of_sessions_and_second_factors():
    both = {"sessionMinutes": 60, "mfa": "Required"}
    login = {"postgresql": True, "firstCredential": True}

    assert told_of_sessions(both, **login) == ("60", "Required")
    assert told_of_sessions({"mfa": "Optional"}, **login) == (None, "Optional")
    assert told_of_sessions({}, **login) == (None, None)
    assert told_of_sessions(both, postgresql=True) == (None, None)
