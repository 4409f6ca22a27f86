"""Ways to the cluster that are none, in words and exit codes."""

import pytest

from unit.arkalia_cli.api_server import kubeconfig


def test_missing_kubeconfig_ends_with_3_and_says_where_it_was_looked_for(arkalia, tmp_path):
    done = arkalia("status", "--kubeconfig", str(tmp_path / "none"))

    assert done.exit_code == 3
    assert f"there is no kubeconfig at {tmp_path / 'none'}" in done.stderr


@pytest.mark.parametrize("text", ["", "{}", "[]", "a: [", "current-context: x", "contexts: 3"])
def test_file_that_is_no_kubeconfig_ends_with_3(arkalia, tmp_path, text):
    (tmp_path / "broken").write_text(text)

    done = arkalia("status", "--kubeconfig", str(tmp_path / "broken"))

    assert done.exit_code == 3
    assert "cannot be used" in done.stderr


def test_unknown_context_is_told_with_the_known_ones(arkalia):
    done = arkalia("status", "--context", "her")

    assert done.exit_code == 3
    assert "has no context her" in done.stderr
    assert "here or there" in done.stderr


def test_cluster_that_does_not_answer_ends_with_3(arkalia, tmp_path):
    nobody = kubeconfig(tmp_path / "nobody", "https://127.0.0.1:1")

    done = arkalia("status", "--kubeconfig", nobody)

    assert done.exit_code == 3
    assert "https://127.0.0.1:1 does not answer" in done.stderr


def test_server_that_is_no_kubernetes_is_told_apart(cluster, arkalia):
    cluster.by_path["/apis/arkalia.io/v1alpha1/namespaces/arkalia/arkaliasystems"] = "<html>"

    done = arkalia("status")

    assert done.exit_code == 6
    assert "cannot be read" in done.stderr


def test_credentials_of_the_kubeconfig_are_used(cluster, arkalia):
    assert arkalia("status").exit_code == 0
