"""A spec that names what is not there is answered with the reason; what runs goes on running."""

import pytest

from cluster.systems import uids
from cluster.waiting import eventually

MISTAKES = {
    "unknown_module": (
        {"modules": {"helloria": {}, "hellorya": {}}},
        "ModuleNotFound",
        "spec.modules.hellorya",
    ),
    "unknown_version": ({"version": "9.9.9"}, "VersionNotSupported", "9.9.9"),
}
CORRECTED = {"modules": {"hellorya": None}, "version": None}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_named_and_costs_no_pod(luna, mistake):
    spec, reason, named = mistake
    before = uids(luna.children()) | uids(luna.pods())

    luna.change(**spec)

    accepted = eventually(lambda: luna.expect("Accepted", "False", reason))
    assert named in accepted["message"]
    luna.expect("Ready", "False", reason)
    luna.expect("Stalled", "True", reason)
    assert before <= uids(luna.children()) | uids(luna.pods())
    assert luna.reach().get("/health").status_code == 200
    assert luna.row()[:2] == ["False", reason]
    luna.change(**CORRECTED)
    luna.ready()
    assert before <= uids(luna.children()) | uids(luna.pods())
