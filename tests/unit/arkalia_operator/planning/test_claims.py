"""Storage that only grows."""

import pytest

from arkalia_operator.planning.claims import only_grown
from arkalia_operator.planning.observed import ChildRecord, ClaimState, ObjectKey

KEY = ObjectKey("PersistentVolumeClaim", "arkalia", "luna-postgresql")


def a_claim(storage):
    return {
        "kind": KEY.kind,
        "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}},
        },
    }  # fmt: skip


def a_record(requested):
    claim = None if requested is None else ClaimState("Bound", requested, requested)
    return ChildRecord(KEY, "uid", "1", 1, "", b"", claim=claim)


@pytest.mark.parametrize(
    ("wanted", "there", "sent"),
    [
        ("10Gi", "1Gi", "10Gi"),
        ("1Gi", "10Gi", "10Gi"),
        ("1Gi", "1024Mi", "1Gi"),
        ("1Gi", "", "1Gi"),
        ("1Gi", None, "1Gi"),
    ],
)
def test_claim_asks_for_the_larger_storage(wanted, there, sent):
    found = only_grown(a_claim(wanted), a_record(there))

    assert found == a_claim(sent)


def test_new_claim_is_sent_as_it_is_wanted():
    assert only_grown(a_claim("1Gi"), None) == a_claim("1Gi")
