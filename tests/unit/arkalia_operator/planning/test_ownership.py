"""What the operator owns of a live object, and a digest that tells whether anything is to do.

`managed` is a model of server-side apply that takes no part of the code under test; what it says
of a real API server is checked by `tests/cluster/test_canonical_form.py`.
"""

import copy
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from applied_objects import managed
from arkalia_operator.planning.ownership import (
    applied_at,
    digests,
    fingerprint,
    owned,
    template_digest,
)

WORDS = st.sampled_from(["a", "b", "c", "d"])
SCALARS = st.sampled_from(["", "x", "y", 0, 1, False, True])
ITEMS = st.lists(st.dictionaries(WORDS, SCALARS, max_size=2), min_size=1, max_size=3).map(
    lambda items: [{"name": f"item-{number}"} | each for number, each in enumerate(items)]
)
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2),
    lambda inside: (
        st.dictionaries(WORDS, inside, max_size=3)
        | st.fixed_dictionaries({"containers": ITEMS, "env": ITEMS})
        | st.fixed_dictionaries({"tolerations": ITEMS})
    ),
    max_leaves=8,
)
MANIFESTS = st.builds(
    lambda spec, labels: {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "luna", "namespace": "arkalia", "labels": labels},
        "spec": {"replicas": 1} | spec,
    },
    st.dictionaries(WORDS, VALUES, max_size=4),
    st.dictionaries(WORDS, st.sampled_from(["", "x"]), min_size=1, max_size=2),
)


def with_foreign_parts(live):
    """*live* after the API server's defaults, a controller and a webhook have been there."""
    live = copy.deepcopy(live)
    live["metadata"] |= {"uid": "u", "resourceVersion": "7", "annotations": {"revision": "1"}}
    live["status"] = {"replicas": 1}
    live["spec"]["terminationGracePeriodSeconds"] = 30
    for items in keyed_lists(live):
        items.insert(0, {"name": "injected", "a": "x"})
        items[-1]["defaulted"] = True
    live["metadata"]["managedFields"] += [
        {"manager": "webhook", "operation": "Apply", "fieldsV1": {"f:spec": {}}},
        {"manager": "arkalia-operator", "operation": "Update", "fieldsV1": {"f:status": {}}},
        {"manager": "arkalia-operator", "operation": "Apply", "subresource": "status"},
    ]
    return live


def keyed_lists(value):
    if isinstance(value, dict):
        for name, each in value.items():
            if name in {"containers", "env"} and isinstance(each, list):
                yield each
            elif name != "managedFields":
                yield from keyed_lists(each)


def leaves(fields, path=()):
    """Paths of single fields that are owned, by fieldsV1."""
    for name, inner in fields.items():
        if name.startswith("f:") and not inner:
            yield (*path, name[2:])
        elif name.startswith("f:"):
            yield from leaves(inner, (*path, name[2:]))


def disown(fields, path):
    """Take the field at *path* out of *fields*, and what has nothing left in it."""
    name, *rest = path
    if rest:
        disown(fields[f"f:{name}"], rest)
    if not rest or not fields[f"f:{name}"]:
        del fields[f"f:{name}"]


def digest_of_owned(live):
    """By both ways to it, which say the same."""
    digest, _ = digests(live)
    assert digest == fingerprint(owned(live))
    return digest


@given(MANIFESTS)
def test_owned_part_of_an_object_has_the_digest_of_what_was_applied(manifest):
    assert digest_of_owned(managed(manifest)) == fingerprint(manifest)


@given(MANIFESTS)
def test_what_others_add_does_not_change_the_digest(manifest):
    live = with_foreign_parts(managed(manifest))

    assert digest_of_owned(live) == fingerprint(manifest)


@given(MANIFESTS, VALUES)
def test_pod_template_has_a_digest_of_its_own_by_which_the_whole_counts(manifest, template):
    manifest = manifest | {"spec": manifest["spec"] | {"template": template}}
    live = managed(manifest)

    assert digest_of_owned(live) == fingerprint(manifest)
    assert digests(live)[1] == template_digest(template)


@given(MANIFESTS, st.data())
def test_another_value_of_an_owned_field_changes_the_digest(manifest, data):
    live = managed(manifest)
    *way, last = data.draw(
        st.sampled_from(list(leaves(live["metadata"]["managedFields"][0]["fieldsV1"])))
    )
    holder = live
    for name in way:
        holder = holder[name]
    holder[last] = "something else"

    assert digest_of_owned(live) != fingerprint(manifest)


@given(MANIFESTS, st.data())
def test_owned_field_that_somebody_took_over_changes_the_digest(manifest, data):
    live = managed(manifest)
    fields = live["metadata"]["managedFields"][0]["fieldsV1"]
    disown(fields, data.draw(st.sampled_from(list(leaves(fields)))))

    assert digest_of_owned(live) != fingerprint(manifest)


@given(MANIFESTS, MANIFESTS)
def test_two_manifests_have_the_same_digest_only_if_they_say_the_same(one, other):
    assume(one != other)
    assume(silent(one) != silent(other))

    assert fingerprint(one) != fingerprint(other)


def silent(value):
    """*value* with one word for everything that says nothing."""
    if isinstance(value, dict) and value:
        return {name: silent(each) for name, each in value.items()}
    if isinstance(value, list) and value:
        return [silent(each) for each in value]
    return value or "nothing"


@given(MANIFESTS)
def test_field_that_says_nothing_and_is_not_stored_is_still_owned(manifest):
    live = managed(manifest)
    for name in [name for name, each in live["spec"].items() if not each]:
        del live["spec"][name]

    assert digest_of_owned(live) == fingerprint(manifest)


def test_false_that_somebody_made_true_changes_the_digest():
    manifest = {"metadata": {}, "spec": {"automountServiceAccountToken": False}}
    live = managed(manifest)
    live["spec"]["automountServiceAccountToken"] = True

    assert digest_of_owned(live) != fingerprint(manifest)


def test_false_that_is_not_asked_for_any_more_changes_the_digest():
    before = managed({"metadata": {}, "spec": {"hostNetwork": False, "a": 1}})

    assert digest_of_owned(before) != fingerprint({"metadata": {}, "spec": {"a": 1}})


def test_order_of_items_counts_since_for_init_containers_it_is_what_is_meant():
    manifest = {"spec": {"initContainers": [{"name": "b"}, {"name": "a"}]}}
    live = managed(manifest)
    live["spec"]["initContainers"].reverse()

    assert digest_of_owned(live) != fingerprint(manifest)


def test_order_in_which_fields_are_recorded_does_not_count():
    manifest = {"spec": {"containers": [{"name": "b"}, {"name": "a"}]}}
    live = managed(manifest)
    containers = live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:containers"]
    for name in sorted(containers):
        containers[name] = containers.pop(name)

    assert digest_of_owned(live) == fingerprint(manifest)


@pytest.mark.parametrize("injected", ["x", 7])
def test_items_of_a_set_are_owned_one_by_one(injected):
    live = {
        "metadata": {
            "finalizers": [injected, "ours"],
            "managedFields": [
                {
                    "manager": "arkalia-operator",
                    "operation": "Apply",
                    "fieldsV1": {"f:metadata": {"f:finalizers": {'v:"ours"': {}}}},
                }
            ],
        }
    }

    assert owned(live) == {"metadata": {"finalizers": ["ours"]}}


def test_item_whose_fields_are_all_others_is_owned_by_its_keys_alone():
    manifest = {"spec": {"containers": [{"name": "a", "image": "x"}]}}
    live = managed(manifest)
    containers = live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:containers"]
    containers['k:{"name":"a"}'] = {".": {}, "f:name": {}}

    assert owned(live)["spec"] == {"containers": [{"name": "a"}]}


def test_owned_item_that_is_gone_is_not_owned():
    live = managed({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}})
    del live["spec"]["containers"][0]

    assert owned(live)["spec"] == {"containers": [{"name": "b"}]}


def test_owned_parts_of_a_value_that_changed_its_form_are_what_is_there():
    live = managed({"spec": {"a": {"b": 1}}})
    live["spec"]["a"] = "text"

    assert owned(live)["spec"] == {"a": "text"}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}],
        [{"manager": "arkalia-operator", "operation": "Update", "fieldsV1": {"f:spec": {}}}],
        [{"manager": "arkalia-operator", "operation": "Apply", "subresource": "status",
          "fieldsV1": {"f:status": {}}}],
    ],
)  # fmt: skip
def test_object_that_the_operator_never_applied_is_not_owned_at_all(entries):
    live = {"metadata": {"managedFields": entries}, "spec": {"a": 1}, "status": {"b": 2}}

    assert owned(live) == {}


def test_identity_does_not_count():
    one = {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "namespace": "b"}, "spec": 1}

    assert fingerprint(one) == fingerprint({"spec": 1})


def test_object_was_applied_when_its_manager_last_changed_it():
    entries = [
        {"manager": "webhook", "operation": "Apply", "time": "2026-01-03T00:00:00Z"},
        {"manager": "arkalia-operator", "operation": "Update", "time": "2026-01-02T00:00:00Z"},
        {"manager": "arkalia-operator", "operation": "Apply", "time": "2026-01-01T00:00:00Z"},
    ]

    found = {"metadata": {"managedFields": entries}}

    assert applied_at(found) == datetime(2026, 1, 1, tzinfo=UTC)
    assert applied_at(found, "webhook") == datetime(2026, 1, 3, tzinfo=UTC)
    assert applied_at(found, "somebody") is None
