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
    assert row(luna)[:2] == ["False", reason]
    luna.change(**CORRECTED)
    luna.ready()
    assert before <= uids(luna.children()) | uids(luna.pods())


def row(system):
    """Ready and Reason as `kubectl get ark` shows them: the API server makes the table."""
    accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    table = system.kube.http.get(system.ref.path, headers=accept).json()
    cells = dict(
        zip(
            [column["name"] for column in table["columnDefinitions"]],
            table["rows"][0]["cells"],
            strict=True,
        )
    )
    return [cells["Ready"], cells["Reason"], cells["Modules"]]
