"""A cluster that answers what a test says, and the command line that asks it."""

import json

import pytest
from typer.testing import CliRunner

from arkalia_cli.program import app
from unit.arkalia_cli.api_server import Answers, kubeconfig, serving

SYSTEMS = "/apis/arkalia.io/v1alpha1/namespaces/arkalia/arkaliasystems"


@pytest.fixture
def cluster():
    """Answers of an API server; without more the namespace has no system."""
    answers = Answers()
    answers.list(SYSTEMS)
    return answers


@pytest.fixture
def arkalia(cluster, tmp_path, monkeypatch):
    """Run the command line against the cluster: `arkalia("status").output`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    with serving(cluster) as url:
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path / "config", url))

        def run(*arguments, typed=None):
            return CliRunner().invoke(app, list(arguments), input=typed, catch_exceptions=False)

        yield run


@pytest.fixture
def told(arkalia):
    """Run the command line, and read its JSON."""
    return lambda *arguments: json.loads(arkalia(*arguments, "-o", "json").stdout)
