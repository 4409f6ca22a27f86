"""Reading the shell commands by which the development cluster tells its variables."""

import pytest

from cluster.development import exported


@pytest.mark.parametrize(
    "line",
    [
        "export KUBECONFIG=/run/one",
        "KUBECONFIG='/run/one'; export KUBECONFIG",
        'KUBECONFIG="/run/one"',
    ],
)
def test_variable_is_read_however_it_is_exported(line):
    assert exported(line) == {"KUBECONFIG": "/run/one"}


def test_variable_that_continues_a_present_one_is_expanded(monkeypatch):
    monkeypatch.setenv("PATH", "/bin")

    assert exported('export PATH="/cluster/bin:$PATH"') == {"PATH": "/cluster/bin:/bin"}


def test_comment_is_no_variable():
    assert exported("# KUBECONFIG=/run/one\n") == {}
