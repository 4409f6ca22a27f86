"""Secrets that are made once: which modules need which, and where they lie in a pod."""

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired.kept import kept
from arkalia_operator.desired.resolve import resolve
from builders import a_module, a_system, modules_with, only, rendered

NEEDS = {"postgresql": True, "key": True, "firstCredential": True}
LISTED = a_system(modules={"weather": {}})


def wanted(*builtin, foreign=(), system=None):
    return kept(
        system or a_system(), resolve(system or a_system(), modules_with(*builtin, foreign=foreign))
    )


def test_module_gets_a_key_of_its_own_and_the_first_credential():
    key, admin = wanted(a_module(needs=NEEDS))

    assert (key.name, dict(key.paths)) == ("luna-alpha-key", {"key": "/etc/arkalia/key/key"})
    assert (admin.name, dict(admin.given)) == ("luna-admin", {"username": "admin"})
    assert dict(admin.paths) == {
        "username": "/etc/arkalia/admin/username",
        "password": "/etc/arkalia/admin/password",
    }


def test_module_without_the_need_gets_none():
    assert wanted(a_module(needs={"postgresql": True})) == ()


def test_two_modules_with_the_first_credential_have_the_same():
    needs = {"postgresql": True, "firstCredential": True}

    assert [each.name for each in wanted(a_module(needs=needs), a_module("beta", needs=needs))] == [
        "luna-admin"
    ]


def test_module_of_somebody_else_gets_a_key_and_never_the_first_credential():
    found = wanted(foreign=[a_module("weather", needs=NEEDS)], system=LISTED)

    assert [each.name for each in found] == ["luna-weather-key"]


def test_module_of_somebody_else_that_asks_for_the_first_credential_is_told_so():
    weather = a_module("weather", needs=NEEDS)
    [found] = resolve(LISTED, modules_with(foreign=[weather])).problems

    assert found.reason == Reason.MODULE_INVALID
    assert found.message == (
        "ArkaliaModule weather: spec.needs.firstCredential is for modules of the catalogue: remove it"
    )


def test_pods_hold_what_their_module_needs():
    manifests = rendered(a_system(), a_module(needs=NEEDS)).manifests
    pod = only(manifests, "Deployment")["spec"]["template"]["spec"]
    [sources] = [
        each["projected"]["sources"] for each in pod["volumes"] if each["name"] == "arkalia"
    ]

    secrets = {
        each["secret"]["name"]: each["secret"]["items"] for each in sources if "secret" in each
    }
    assert secrets["luna-alpha-key"] == [{"key": "key", "path": "key/key"}]
    assert secrets["luna-admin"] == [
        {"key": "username", "path": "admin/username"},
        {"key": "password", "path": "admin/password"},
    ]
