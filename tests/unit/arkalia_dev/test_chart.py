"""The wait for the first system ends when it is ready, or when waiting is in vain."""

from pathlib import Path

import pytest

from arkalia_dev import chart
from arkalia_dev.chart import Chart
from arkalia_dev.errors import DevError
from arkalia_dev.kubectl import Kubectl


@pytest.fixture
def waiting(tmp_path):
    """A chart whose kubectl prints what `tell` was given."""
    answer = tmp_path / "answer.json"
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\ncat {answer}\n")
    program.chmod(0o755)
    kubectl = Kubectl(program, tmp_path / "kubeconfig")
    return Chart(tmp_path, Path("helm"), kubectl)._settled(), answer


def told(ready, stalled, generation=1, observed=1):
    conditions = ", ".join(
        f'{{"type": "{name}", "status": "{status}", "message": "why", '
        f'"observedGeneration": {observed}}}'
        for name, status in (("Ready", ready), ("Stalled", stalled))
    )
    metadata = f'{{"generation": {generation}}}'
    return f'{{"metadata": {metadata}, "status": {{"conditions": [{conditions}]}}}}'


def test_wait_ends_when_the_system_is_ready(waiting):
    settled, answer = waiting

    answer.write_text(told("Unknown", "False"))
    before = settled()
    answer.write_text(told("True", "False"))

    assert (before, settled()) == (False, True)


def test_wait_does_not_take_the_status_of_an_older_spec(waiting):
    settled, answer = waiting

    answer.write_text(told("True", "False", generation=2))

    assert not settled()


def test_wait_ends_with_the_reason_when_the_system_stays_stalled(waiting, monkeypatch):
    settled, answer = waiting
    answer.write_text(told("False", "True"))

    at_first = settled()
    monkeypatch.setattr(chart, "STALLED_SECONDS", 0)

    assert not at_first
    with pytest.raises(DevError, match="luna is stalled: why"):
        settled()


def test_wait_goes_on_when_the_system_has_no_status_yet(waiting):
    settled, answer = waiting

    answer.write_text('{"metadata": {"generation": 1}}')

    assert not settled()
