"""`arkalia pause` and `arkalia resume`."""

import pytest

from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_system


@pytest.mark.parametrize(
    ("verb", "paused", "message"),
    [
        ("pause", True, "luna is paused: the operator writes only its status."),
        ("resume", False, "luna goes on: the operator brings it to what its spec says."),
    ],
)
def test_word_is_merged_into_the_spec(cluster, arkalia, verb, paused, message):
    cluster.list(SYSTEMS, a_system())
    cluster.by_path[f"{SYSTEMS}/luna"] = a_system()

    done = arkalia(verb, "luna")

    assert done.stdout.startswith(message)
    assert cluster.written == [
        ("PATCH", f"{SYSTEMS}/luna", {"spec": {"changes": {"pause": paused}}})
    ]


def test_answer_for_programs_names_the_system(cluster, told):
    cluster.list(SYSTEMS, a_system())
    cluster.by_path[f"{SYSTEMS}/luna"] = a_system()

    assert told("pause") == {"namespace": "arkalia", "name": "luna", "paused": True}
