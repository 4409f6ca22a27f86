from arkalia_operator.api.first_status import NOT_LOOKED_AT
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.resources import Refused, Resources

LUNA = SystemKey("ns", "luna")


def a_system(name="luna", status=None, **spec):
    metadata = {
        "namespace": "ns", "name": name, "uid": "u", "generation": 3, "resourceVersion": "1",
    }  # fmt: skip
    return {"metadata": metadata, "spec": spec, "status": status or {}}


def a_module(name="mine", **spec):
    image = {"image": {"repository": "example.com/mine", "tag": "1"}}
    components = {"components": [{"name": "api", "port": 9000}]}
    return {
        "metadata": {"namespace": "ns", "name": name, "uid": "m", "resourceVersion": "1"},
        "spec": image | components | spec,
    }


def test_a_system_is_read():
    resources = Resources()

    resources.systems.put(a_system(environment="staging"))

    found = resources.systems.get(LUNA)
    assert isinstance(found, ArkaliaSystem)
    assert found.spec.environment == "staging"


def test_a_system_that_does_not_fit_the_schema_is_kept_with_the_reason():
    resources = Resources()

    resources.systems.put(a_system(nonsense=1))

    found = resources.systems.get(LUNA)
    assert isinstance(found, Refused)
    assert "nonsense" in str(found.error)
    assert (found.uid, found.deleting) == ("u", False)


def test_a_status_of_another_operator_version_does_not_refuse_a_system():
    resources = Resources()

    resources.systems.put(a_system(status={"modules": "of tomorrow"}))

    found = resources.systems.get(LUNA)
    assert isinstance(found, ArkaliaSystem)
    assert found.status.conditions == []


def test_fields_that_a_newer_operator_wrote_into_a_status_leave_the_others_readable():
    approved = {"generation": 2, "spec": {"environment": "staging"}, "tomorrow": 1}
    changes = {"released": "0.1.0-abc", "tomorrow": 1}
    resources = Resources()

    resources.systems.put(
        a_system(status={"approved": approved, "changes": changes, "tomorrow": {"a": 1}})
    )

    status = resources.systems.get(LUNA).status
    assert status.approved.spec == {"environment": "staging"}
    assert status.changes.released == "0.1.0-abc"


def test_fields_that_nobody_knows_refuse_a_spec_as_before():
    resources = Resources()

    resources.systems.put(a_system(changes={"tomorrow": 1}))

    assert isinstance(resources.systems.get(LUNA), Refused)


def test_a_refused_system_with_an_unreadable_status_can_still_be_judged():
    resources = Resources()

    resources.systems.put(a_system(nonsense=1, status={"conditions": [{"odd": 1}]}))

    assert resources.systems.get(LUNA).status.conditions == []


def test_systems_that_list_a_module_are_found():
    resources = Resources()
    resources.systems.put(a_system("luna", modules={"mine": {}}))
    resources.systems.put(a_system("sol"))

    assert list(resources.listing("ns", "mine")) == [LUNA]
    assert list(resources.listing("other", "mine")) == []


def test_modules_of_a_namespace_are_usable_or_broken_with_a_reason():
    resources = Resources()
    resources.modules.put(a_module("mine"))
    resources.modules.put(a_module("odd", components=[]))

    usable, broken = resources.available("ns")

    assert {name: type(each) for name, each in usable.items()} == {"mine": ArkaliaModule}
    assert "spec.components" in broken["odd"]
    assert resources.available("other") == ({}, {})


def test_what_the_api_server_fills_in_is_no_status():
    resources = Resources()

    resources.systems.put(a_system(status=NOT_LOOKED_AT))
    resources.systems.put(a_system("sol", status=NOT_LOOKED_AT, nonsense=1))

    assert resources.systems.get(LUNA).status.conditions == []
    assert resources.systems.get(SystemKey("ns", "sol")).status.conditions == []
