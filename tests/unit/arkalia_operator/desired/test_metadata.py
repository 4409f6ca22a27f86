from arkalia_operator.desired import kinds, metadata
from arkalia_operator.desired.modules import manifests
from arkalia_operator.desired.resolve import resolve
from builders import a_module, a_system, modules_with, only


def test_object_carries_the_recommended_labels_and_the_operators():
    system = a_system()
    [module] = resolve(system, modules_with(a_module())).modules

    assert metadata.module_labels(system, module, "worker") == {
        "app.kubernetes.io/name": "alpha",
        "app.kubernetes.io/instance": "luna",
        "app.kubernetes.io/component": "worker",
        "app.kubernetes.io/version": "0.1.0",
        "app.kubernetes.io/part-of": "arkalia",
        "app.kubernetes.io/managed-by": "arkalia-operator",
        "arkalia.io/system": "luna",
        "arkalia.io/module": "alpha",
    }


def test_selector_never_holds_what_an_upgrade_changes():
    assert metadata.selector("luna", "alpha", "main") == {
        "arkalia.io/system": "luna",
        "arkalia.io/module": "alpha",
        "app.kubernetes.io/component": "main",
    }


def test_module_selector_takes_all_components():
    assert (
        metadata.module_selector("luna", "alpha").items()
        <= metadata.selector("luna", "alpha", "worker").items()
    )


def test_owner_is_the_system_itself_and_not_its_name_alone():
    assert metadata.owner(a_system(uid="uid-7")) == {
        "apiVersion": "arkalia.io/v1alpha1",
        "kind": "ArkaliaSystem",
        "name": "luna",
        "uid": "uid-7",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_parts_that_say_nothing_are_left_out_of_an_object():
    found = metadata.manifest(kinds.SERVICE, "a", a_system(), {}, spec={"a": 1}, data={})

    assert found.keys() == {"apiVersion", "kind", "metadata", "spec"}


def test_object_that_owns_pods_is_labelled_as_its_pods():
    system = a_system()
    resolution = resolve(system, modules_with(a_module()))
    found = manifests(system, resolution.modules[0], resolution)
    deployment = only(found, "Deployment")

    assert deployment["metadata"]["labels"] == deployment["spec"]["template"]["metadata"]["labels"]
